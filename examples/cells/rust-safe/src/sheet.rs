//! `sheet.c`

use crate::constants::*;
use crate::types::*;

/// `sheet.c:24`
pub unsafe extern "C" fn sheet_new(columns: usize, rows: usize) -> *mut crate::types::sheet {
    if columns == 0 || rows == 0 || columns > MOST_COLUMNS as usize || rows > MOST_ROWS as usize {
        return ::core::ptr::null_mut();
    }
    let sheet: *mut crate::types::sheet =
        crate::text::take_memory(::core::ptr::null_mut(), ::core::mem::size_of::<crate::types::sheet>()).cast();
    let count = columns * rows;
    let cells: *mut crate::types::cell =
        crate::text::take_memory(::core::ptr::null_mut(), count * ::core::mem::size_of::<crate::types::cell>()).cast();
    for at in 0..count {
        cells.add(at).write(crate::types::cell {
            source: ::core::ptr::null_mut(),
            value: crate::value::value_empty(),
            state: STATE_FRESH,
        });
    }
    sheet.write(crate::types::sheet { columns, rows, cells });
    sheet
}

/// `sheet.c:42`
pub unsafe extern "C" fn sheet_free(sheet: *mut crate::types::sheet) {
    if sheet.is_null() {
        return;
    }
    let crate::types::sheet { columns, rows, cells } = *sheet;
    for at in 0..columns.wrapping_mul(rows) {
        let cell = &mut *cells.add(at);
        free(cell.source.cast());
        crate::value::value_free(&mut cell.value);
    }
    free(cells.cast());
    free(sheet.cast());
}

/// `sheet.c:55`
pub unsafe extern "C" fn place_read(cursor: *mut *const ::core::ffi::c_char, column: *mut usize, row: *mut usize) -> bool {
    let mut at = *cursor;
    let letter = *at as u8;
    if !letter.is_ascii_uppercase() {
        return false;
    }
    *column = usize::from(letter - b'A');
    at = at.add(1);
    if !matches!(*at as u8, b'1'..=b'9') {
        return false;
    }
    let mut number: usize = 0;
    while (*at as u8).is_ascii_digit() && number <= MOST_ROWS as usize {
        number = number * 10 + usize::from(*at as u8 - b'0');
        at = at.add(1);
    }
    *row = number - 1;
    *cursor = at;
    true
}

/// `sheet.c:75`
pub unsafe extern "C" fn cell_named(sheet: *mut crate::types::sheet, place: *const ::core::ffi::c_char, column: *mut usize, row: *mut usize) -> *mut crate::types::cell {
    let mut cursor = place;
    if !place_read(&mut cursor, column, row) || *cursor != 0 {
        return ::core::ptr::null_mut();
    }
    let sheet = &*sheet;
    if *column < sheet.columns && *row < sheet.rows {
        sheet.cells.add(*row * sheet.columns + *column)
    } else {
        ::core::ptr::null_mut()
    }
}

/// `sheet.c:84`
pub unsafe extern "C" fn is_formula(cell: *const crate::types::cell) -> bool {
    let source = (*cell).source;
    !source.is_null() && *source as u8 == b'='
}

/// `sheet.c:90`
pub unsafe extern "C" fn make_stale(sheet: *mut crate::types::sheet) {
    let sheet = &*sheet;
    for at in 0..sheet.columns.wrapping_mul(sheet.rows) {
        let cell = sheet.cells.add(at);
        if is_formula(cell) {
            (*cell).state = STATE_STALE;
        }
    }
}

/// `sheet.c:99`
pub unsafe extern "C" fn sheet_set(sheet: *mut crate::types::sheet, place: *const ::core::ffi::c_char, source: *const ::core::ffi::c_char) -> bool {
    let mut column = 0;
    let mut row = 0;
    let cell = cell_named(sheet, place, &mut column, &mut row);
    if cell.is_null() {
        return false;
    }
    free((*cell).source.cast());
    (*cell).source = if *source == 0 {
        ::core::ptr::null_mut()
    } else {
        crate::text::copy_bytes(source, ::core::ffi::CStr::from_ptr(source).to_bytes().len())
    };
    (*cell).state = STATE_FRESH;
    crate::value::value_free(&mut (*cell).value);
    if !(*cell).source.is_null() && !is_formula(cell) {
        (*cell).value = crate::formula::formula_constant(source);
    }
    make_stale(sheet);
    true
}

/// `sheet.c:117`
pub unsafe extern "C" fn sheet_value(sheet: *mut crate::types::sheet, column: usize, row: usize) -> *const crate::types::value {
    if column >= (*sheet).columns || row >= (*sheet).rows {
        return ::core::ptr::null();
    }
    // No reference to the cell is kept: its formula may come back to the cell itself.
    let cell = (*sheet).cells.add(row * (*sheet).columns + column);
    if (*cell).state == STATE_STALE {
        (*cell).state = STATE_BUSY;
        let found = crate::formula::formula_evaluate(sheet, (*cell).source.add(1));
        crate::value::value_free(&mut (*cell).value);
        (*cell).value = found;
        (*cell).state = STATE_FRESH;
    } else if (*cell).state == STATE_BUSY {
        crate::value::value_free(&mut (*cell).value);
        (*cell).value = crate::value::value_fault(FAULT_CYCLE);
    }
    ::core::ptr::addr_of!((*cell).value)
}

/// `sheet.c:138`
pub unsafe extern "C" fn sheet_show(sheet: *mut crate::types::sheet, place: *const ::core::ffi::c_char, out: *mut crate::types::text) -> bool {
    let (mut column, mut row) = (0, 0);
    if cell_named(sheet, place, &mut column, &mut row).is_null() {
        return false;
    }
    crate::value::value_write(sheet_value(sheet, column, row), out);
    true
}

/// `sheet.c:148`
pub unsafe extern "C" fn sheet_write(sheet: *mut crate::types::sheet, out: *mut crate::types::text) {
    for row in 0..(*sheet).rows {
        for column in 0..(*sheet).columns {
            let border: &[u8] = if column == 0 { b"| \0" } else { b" | \0" };
            crate::text::text_add_word(out, border.as_ptr().cast());
            crate::value::value_write(sheet_value(sheet, column, row), out);
        }
        crate::text::text_add_word(out, b" |\n\0".as_ptr().cast());
    }
}

/// `sheet.c:160`
pub unsafe extern "C" fn lift_row(sheet: *mut crate::types::sheet, row: usize) {
    let sheet = &*sheet;
    for column in 0..sheet.columns {
        let lower = sheet.cells.add(row * sheet.columns + column);
        let upper = sheet.cells.add((row - 1) * sheet.columns + column);
        if !is_formula(lower) && !is_formula(upper) {
            ::core::ptr::swap(lower, upper);
        }
    }
}

/// `sheet.c:173`
pub unsafe extern "C" fn sheet_sort(sheet: *mut crate::types::sheet, column: usize, first: usize, last: usize, order: crate::types::value_order) -> bool {
    let crate::types::sheet { columns, rows, cells } = *sheet;
    if column >= columns || first > last || last >= rows {
        return false;
    }
    for row in first..=last {
        sheet_value(sheet, column, row);
    }
    for next in first + 1..=last {
        let mut row = next;
        while row > first {
            let lower = ::core::ptr::addr_of!((*cells.add(row * columns + column)).value);
            let upper = ::core::ptr::addr_of!((*cells.add((row - 1) * columns + column)).value);
            if order.expect("an order is given")(lower, upper) >= 0 {
                break;
            }
            lift_row(sheet, row);
            row -= 1;
        }
    }
    make_stale(sheet);
    true
}

extern "C" {
    fn free(memory: *mut ::core::ffi::c_void);
}
