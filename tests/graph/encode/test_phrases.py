from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repowright.graph.encode.phrases import file_phrase, phrase
from repowright.repo_tools.facts import Definition, DefinitionKind, FileFacts

KINDS: tuple[DefinitionKind, ...] = ("class", "function", "method", "enum", "constant", "macro", "namespace", "typedef")


def of(kind: DefinitionKind, name: str, doc: str = "", owner: str = "", decorators: tuple[str, ...] = ()) -> str:
    return phrase(Definition(kind, name, name, (1, 2), "", doc, decorators), owner)


@pytest.mark.parametrize(
    ("doc", "expected"),
    [
        ("Parse CSV rows.", "parse csv rows"),
        ("Returns the length.", "return the length"),
        ("Return the number of rows, or zero\nif there are none.", "return the number of rows"),
        ("Return True if the cart is empty.", "check whether the cart is empty"),
        ("Check whether or not a user may enter.", "check whether a user may enter"),
        ("Whether the cart is empty.", "check whether the cart is empty"),
        ("Check that all items are priced.", "check whether all items are priced"),
        ("This function is used to parse `CSV` files", "parse csv files"),
        ("Helper method for escaping ``HTML`` text.", "escape html text"),
        ("Recursively delete the folder.", "delete the folder"),
        ("Yield each :class:`~shop.Item` of the cart", "yield each item of the cart"),
        ("The total price.", "return the total price"),
        ("Load\n    settings from a file", "load settings from a file"),
        ("Sort the list of rows using a merge that needs no memory", "sort the list of rows"),
    ],
)
def test_documentation_gives_the_phrase_where_it_says_what_is_done(doc: str, expected: str) -> None:
    assert of("function", "total", doc) == expected


@pytest.mark.parametrize(
    "doc",
    ["TODO: rewrite", "See also other()", "----", "`", "If x, y.", "Given a, b", "3", "List of files", "Return if"],
)
def test_documentation_that_says_nothing_gives_way_to_the_name(doc: str) -> None:
    assert of("function", "load_rows", doc) == "load the rows"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("get_user_by_id", "get user by id"),
        ("parseCSVRows", "parse csv rows"),
        ("is_valid", "check whether valid"),
        ("hasItems", "check whether has items"),
        ("on_event", "handle the event"),
        ("to_json", "convert to json"),
        ("from_dict", "build from dictionary"),
        ("celsius_to_kelvin", "convert celsius to kelvin"),
        ("test_resume_skips_finished_batches", "test resume skips finished batches"),
        ("test_", "test given input"),
        ("main", "run the program"),
        ("length", "return the length"),
        ("num_rows", "count the rows"),
        ("_calc_sum", "calculate the sum"),
        ("redirect_to", "redirect to what is given"),
        ("list_insert", "insert the list"),
        ("list_push_front", "list push front"),
        ("node_create", "create the node"),
        ("table_insert_row", "insert row of table"),
        ("user_is_known", "check whether user is known"),
        ("items_to_delete", "convert items to delete"),
        ("operator==", "return the operator"),
        ("_", "act for the caller"),
    ],
)
def test_names_of_functions_become_phrases(name: str, expected: str) -> None:
    assert of("function", name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("__iter__", "iterate over shopping cart"),
        ("__init__", "set up the shopping cart"),
        ("ShoppingCart", "set up the shopping cart"),
        ("constructor", "set up the shopping cart"),
        ("save", "save the shopping cart"),
        ("add_item", "add item to shopping cart"),
        ("is_empty", "check whether the shopping cart is empty"),
        ("to_json", "convert shopping cart to json"),
        ("total", "return the total of shopping cart"),
        ("add_item_to_wishlist", "add item to wishlist"),
    ],
)
def test_names_of_methods_speak_of_their_class(name: str, expected: str) -> None:
    assert of("method", name, owner="ShoppingCart") == expected


@pytest.mark.parametrize(
    ("kind", "name", "doc", "expected"),
    [
        ("class", "ShoppingCart", "", "represent a shopping cart"),
        ("class", "Settings", "", "represent the settings"),
        ("class", "ShoppingCart", "A cart of things to buy.", "represent a cart of things to buy"),
        ("class", "Reader", "Reads rows from files.", "read rows from files"),
        ("class", "Client", "Test client of the shop.", "represent test client of the shop"),
        ("struct", "Cart", "Cart holds all items.", "hold all items"),
        ("struct", "Cart", "Cart is a bag of items.", "represent a bag of items"),
        ("class", "Cart", "<p>A bag of items.</p>", "represent a bag of items"),
        ("function", "Add", "Add adds an item to the cart.", "add an item to the cart"),
        ("function", "list_free", "@brief Frees the list and its nodes.", "free the list and its nodes"),
        ("function", "addRows", "@param rows what to add", "add the rows"),
        ("class", "NoStock", "Raised when nothing is left.", "signal when nothing is left"),
        ("class", "PriceError", "", "signal a price error"),
        ("class", "CartTests", "", "test the cart"),
        ("class", "TestCartTotal", "", "test cart total"),
        ("class", "LoggedMixin", "", "add logged to a class"),
        ("enum", "Color", "", "enumerate color values"),
        ("interface", "Shape", "", "define the shape interface"),
        ("struct", "Node", "", "represent a node"),
        ("typedef", "size_fn", "", "name the size function type"),
        ("constant", "DEFAULT_TIMEOUT", "Seconds.", "hold the default timeout"),
        ("global", "registry", "", "hold the registry"),
        ("macro", "MAX_SIZE", "", "define the max size"),
        ("macro", "SWAP", "Swap two values.", "swap two values"),
        ("namespace", "shop", "", "group shop definitions"),
    ],
)
def test_each_kind_has_its_verb(kind: DefinitionKind, name: str, doc: str, expected: str) -> None:
    assert of(kind, name, doc) == expected


def test_setters_set() -> None:
    assert of("method", "price", owner="Item", decorators=("price.setter",)) == "set price of item"


def test_long_names_keep_to_eight_words() -> None:
    owner = "VeryLongNameOfSomeAbstractBaseHandlerFactory"
    assert of("method", "add_item", owner=owner) == "add item to some abstract base handler factory"
    assert of("function", "parse_" + "_".join("abcdefghij")) == "parse a b c d e f g"


@given(st.sampled_from(KINDS), st.text(max_size=40), st.text(max_size=200), st.text(max_size=20))
def test_any_text_gives_a_phrase_of_two_to_eight_lower_case_words(
    kind: DefinitionKind, name: str, doc: str, owner: str
) -> None:
    found = of(kind, name, doc, owner)
    assert 2 <= len(found.split()) <= 8
    assert found == found.lower()
    assert found == " ".join(found.split())


def file(path: str, docstring: str = "", *definitions: Definition) -> str:
    return file_phrase(path, FileFacts(path, "python", 1, definitions, docstring=docstring))


def test_a_file_is_for_what_its_documentation_says() -> None:
    assert file("shop/rows.py", "Parse and write rows.\n\nMore.") == "parse and write rows"
    assert file("shop/cart.py", "Shopping carts and their items.") == "provide shopping carts and their items"


def test_a_file_is_for_its_main_definitions() -> None:
    cart = Definition("class", "Cart", "Cart", (1, 2), "class Cart", "A cart of things.")
    item = Definition("class", "Item", "Item", (3, 4), "class Item")
    assert file("shop/cart.py", "", item, cart) == "represent a cart of things"
    assert file("shop/types.py", "", cart, item) == "define cart and item"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("shop/__init__.py", "gather the shop package"),
        ("shop/__main__.py", "run from the command line"),
        ("tests/conftest.py", "provide fixtures for the tests"),
        ("tests/test_cart_total.py", "test the cart total"),
        ("web/cart.test.ts", "test the cart"),
        ("src/list.c", "provide the list"),
        ("setup.py", "build and install the package"),
        ("shop/locale.py", "provide locale for shop"),
        ("shop/commands/clear_all.py", "clear all for commands"),
        ("shop/commands/sqlflush.py", "provide sqlflush commands"),
        ("x.py", "provide the x"),
    ],
)
def test_a_file_without_words_is_named_by_its_path(path: str, expected: str) -> None:
    assert file(path) == expected
