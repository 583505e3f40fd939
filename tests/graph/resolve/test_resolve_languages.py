from __future__ import annotations

from linked import link


def test_c_calls_reach_the_definition_behind_the_prototype() -> None:
    found = link(
        {
            "include/list.h": """
            #ifndef LIST_H
            #define LIST_H
            typedef struct list { int size; } list;
            #define LIST_MAX 10
            void list_push(list *self, int value);
            static inline int list_size(list *self) { return self->size; }
            #endif
            """,
            "src/list.c": """
            #include "list.h"
            static int helper(void) { return 1; }
            void list_push(list *self, int value) { helper(); }
            """,
            "src/main.c": """
            #include <stdio.h>
            #include "list.h"
            static int helper(void) { return 2; }
            int main(void) {
                list l;
                list_push(&l, LIST_MAX);
                list_size(&l);
                helper();
                printf("x");
            }
            """,
        }
    )
    assert found.imports("src/main.c") == {"include/list.h"}
    assert found.calls("src/main.c::main") == {
        "src/list.c::list_push",
        "include/list.h::list_size",
        "src/main.c::helper",
    }
    assert found.calls("src/list.c::list_push") == {"src/list.c::helper"}
    assert found.uses("src/main.c::main") >= {"include/list.h::LIST_MAX"}
    assert found.confidence("src/main.c::main", "src/list.c::list_push") == 1.0


def test_c_takes_the_nearest_of_several_programs_functions() -> None:
    found = link(
        {
            "one/util.c": "int report(void) { return 1; }",
            "one/main.c": "int main(void) { return report(); }",
            "two/util.c": "int report(void) { return 2; }",
            "two/main.c": "int main(void) { return report(); }",
        }
    )
    assert found.calls("two/main.c::main") == {"two/util.c::report"}
    assert found.confidence("two/main.c::main", "two/util.c::report") == 0.8


def test_javascript_follows_relative_paths_and_index_files() -> None:
    found = link(
        {
            "src/widgets/index.js": "export * from './button';\nexport { Panel as Box } from './panel.js';",
            "src/widgets/button.js": "export class Button { press() {} }\nexport default function make() {}",
            "src/widgets/panel.ts": """
            import { Button } from './button';
            export class Panel extends Button { open() { this.press(); } }
            """,
            "src/app.js": """
            import make from './widgets/button';
            import { Button, Box } from './widgets';
            import * as all from './widgets';
            const { Panel } = require('./widgets/panel');
            function run() {
                make();
                const button = new Button();
                button.press();
                new Box().open();
                new all.Box();
                new Panel();
            }
            """,
        }
    )
    calls = found.calls("src/app.js::run")
    assert calls == {
        "src/widgets/button.js::make",
        "src/widgets/button.js::Button",
        "src/widgets/button.js::Button.press",
        "src/widgets/panel.ts::Panel",
        "src/widgets/panel.ts::Panel.open",
    }
    assert found.calls("src/widgets/panel.ts::Panel.open") == {"src/widgets/button.js::Button.press"}
    assert found.imports("src/app.js") == {
        "src/widgets/button.js",
        "src/widgets/index.js",
        "src/widgets/panel.ts",
    }


def test_typescript_packages_of_a_workspace_and_types() -> None:
    found = link(
        {
            "packages/shared/src/index.ts": """
            export interface Store { save(): void }
            export class Disk implements Store { save() {} }
            """,
            "packages/app/src/main.ts": """
            import { Store, Disk } from '@shop/shared';
            import missing from 'missing';
            export class App {
                private disk: Disk;
                constructor(private readonly store: Store) {}
                run(other: Disk | null): void {
                    this.store.save();
                    this.disk.save();
                    other.save();
                    missing();
                }
            }
            """,
        }
    )
    assert found.imports("packages/app/src/main.ts") == {"packages/shared/src/index.ts"}
    assert found.calls("packages/app/src/main.ts::App.run") >= {"packages/shared/src/index.ts::Disk.save"}
    inherits = found.edges("inherits")
    assert ("packages/shared/src/index.ts::Disk", "packages/shared/src/index.ts::Store") in inherits


def test_rust_modules_crates_and_methods() -> None:
    found = link(
        {
            "crates/core/src/lib.rs": "pub mod store;\npub mod cart;\npub use crate::store::Store as Shelf;",
            "crates/core/src/store/mod.rs": """
            pub mod disk;
            pub trait Save { fn save(&self) { } }
            pub struct Store { size: usize }
            impl Store {
                pub fn new() -> Self { Store { size: 0 } }
                pub fn put(&self) { self.grow(); Self::check(); }
                fn grow(&self) {}
                fn check() {}
            }
            impl Save for Store {}
            """,
            "crates/core/src/store/disk.rs": """
            use super::Store;
            pub fn sync(store: &Store) { store.put(); crate::cart::total(); super::super::cart::total(); }
            """,
            "crates/core/src/cart.rs": "pub fn total() {}",
            "crates/shop-app/src/main.rs": """
            mod local;
            use shop_core::store::{disk, disk::sync as flush, Store};
            use shop_core::Shelf;
            use std::fmt;
            fn main() {
                let store = Store::new();
                store.put();
                store.save();
                disk::sync(&store);
                flush(&store);
                local::help();
                Shelf::new();
            }
            """,
            "crates/shop-app/src/local.rs": "pub fn help() {}",
        }
    )
    assert found.calls("crates/shop-app/src/main.rs::main") == {
        "crates/core/src/store/mod.rs::Store.new",
        "crates/core/src/store/mod.rs::Store.put",
        "crates/core/src/store/mod.rs::Save.save",
        "crates/core/src/store/disk.rs::sync",
        "crates/shop-app/src/local.rs::help",
    }
    assert found.calls("crates/core/src/store/mod.rs::Store.put") == {
        "crates/core/src/store/mod.rs::Store.grow",
        "crates/core/src/store/mod.rs::Store.check",
    }
    assert found.calls("crates/core/src/store/disk.rs::sync") == {
        "crates/core/src/store/mod.rs::Store.put",
        "crates/core/src/cart.rs::total",
    }
    assert "crates/shop-app/src/local.rs" in found.imports("crates/shop-app/src/main.rs")


def test_go_packages_share_names_across_files() -> None:
    found = link(
        {
            "cart/cart.go": """
            package cart
            import (
                "fmt"
                p "example.com/shop/price"
            )
            type Base struct {}
            type Cart struct { Base; store *p.Store }
            func New() *Cart { return &Cart{} }
            func (c *Cart) Add() { c.check(); c.store.Keep(); helper(); p.NewStore().Keep(); fmt.Println() }
            """,
            "cart/more.go": "package cart\nfunc helper() {}\nfunc (c *Cart) check() {}\nfunc (b *Base) Drop() {}",
            "price/store.go": """
            package price
            type Store struct {}
            func NewStore() *Store { return nil }
            func (s *Store) Keep() {}
            """,
            "main.go": """
            package main
            import "example.com/shop/cart"
            func main() { c := cart.New(); c.Add(); c.Drop() }
            """,
        }
    )
    assert found.calls("cart/cart.go::Cart.Add") == {
        "cart/more.go::Cart.check",
        "cart/more.go::helper",
        "price/store.go::NewStore",
        "price/store.go::Store.Keep",
    }
    assert found.calls("main.go::main") == {
        "cart/cart.go::New",
        "cart/cart.go::Cart.Add",
        "cart/more.go::Base.Drop",
    }
    assert found.imports("main.go") == {"cart/cart.go", "cart/more.go"}
    assert ("cart/cart.go::Cart", "cart/cart.go::Base") in found.edges("inherits")


def test_java_packages_imports_and_bare_member_names() -> None:
    found = link(
        {
            "src/main/java/org/shop/Cart.java": """
            package org.shop;
            import org.shop.store.Store;
            import static org.shop.store.Tools.check;
            import java.util.List;
            public class Cart extends Base implements Runnable {
                private final Store store = new Store();
                Cart(int size) { super(size); }
                public Cart add(Item item) {
                    store.put(item);
                    this.note();
                    inherited();
                    check();
                    item.price();
                    return this;
                }
                void note() { new Inner().look(); add(null).note(); String.valueOf(1); }
                class Inner { void look() { note(); new Cart(1); } }
            }
            """,
            "src/main/java/org/shop/Base.java": "package org.shop;\nclass Base { Base(int n) {} void inherited() {} }",
            "src/main/java/org/shop/Item.java": "package org.shop;\nclass Item { int price() { return 1; } }",
            "src/main/java/org/shop/store/Store.java": """
            package org.shop.store;
            public class Store { public void put(Object what) {} public static Store open() { return null; } }
            """,
            "src/main/java/org/shop/store/Tools.java": """
            package org.shop.store;
            public class Tools { public static void check() {} }
            """,
            "src/test/java/org/shop/CartTest.java": """
            package org.shop;
            import org.shop.store.*;
            class CartTest { void test() { new Cart(2).add(new Item()).note(); Store.open().put(1); } }
            """,
        }
    )
    shop, store = "src/main/java/org/shop/", "src/main/java/org/shop/store/"
    assert found.calls(f"{shop}Cart.java::Cart.add") == {
        f"{store}Store.java::Store.put",
        f"{shop}Cart.java::Cart.note",
        f"{shop}Base.java::Base.inherited",
        f"{store}Tools.java::Tools.check",
        f"{shop}Item.java::Item.price",
    }
    assert found.calls(f"{shop}Cart.java::Cart.note") == {
        f"{shop}Cart.java::Cart.Inner",
        f"{shop}Cart.java::Cart.Inner.look",
        f"{shop}Cart.java::Cart.add",
        f"{shop}Cart.java::Cart.note",
    }
    assert found.calls(f"{shop}Cart.java::Cart.Inner.look") == {f"{shop}Cart.java::Cart.note", f"{shop}Cart.java::Cart"}
    assert found.calls("src/test/java/org/shop/CartTest.java::CartTest.test") == {
        f"{shop}Cart.java::Cart",
        f"{shop}Item.java::Item",
        f"{shop}Cart.java::Cart.add",
        f"{shop}Cart.java::Cart.note",
        f"{store}Store.java::Store.open",
        f"{store}Store.java::Store.put",
    }
    assert found.imports(f"{shop}Cart.java") == {f"{store}Store.java", f"{store}Tools.java"}
    assert (f"{shop}Cart.java::Cart", f"{shop}Base.java::Base") in found.edges("inherits")
