//! `formula.c`

use crate::constants::*;
use crate::types::*;

/// `formula.c:26`
pub unsafe extern "C" fn list_add(list: *mut crate::types::list, value: crate::types::value) {
    let list = &mut *list;
    if list.count == list.room {
        list.room = list.room.wrapping_mul(2).wrapping_add(4);
        let size = list.room.wrapping_mul(::core::mem::size_of::<crate::types::value>());
        list.items = crate::text::take_memory(list.items.cast(), size).cast();
    }
    list.items.add(list.count).write(value);
    list.count += 1;
}

/// `formula.c:35`
pub unsafe extern "C" fn list_free(list: *mut crate::types::list) {
    let list = &*list;
    for at in 0..list.count {
        crate::value::value_free(list.items.add(at));
    }
    free(list.items.cast());
}

/// `formula.c:43`
pub unsafe extern "C" fn is_digit(letter: ::core::ffi::c_char) -> bool {
    (letter as u8).is_ascii_digit()
}

/// `formula.c:48`
pub unsafe extern "C" fn skip_spaces(reader: *mut crate::types::reader) {
    let reader = &mut *reader;
    while *reader.at as u8 == b' ' {
        reader.at = reader.at.add(1);
    }
}

/// `formula.c:56`
pub unsafe extern "C" fn take(reader: *mut crate::types::reader, sign: ::core::ffi::c_char) -> bool {
    skip_spaces(reader);
    let reader = &mut *reader;
    if *reader.at != sign {
        return false;
    }
    reader.at = reader.at.add(1);
    true
}

/// `formula.c:67`
pub unsafe extern "C" fn scan_number(cursor: *mut *const ::core::ffi::c_char, number: *mut ::core::ffi::c_double) -> bool {
    // Reads digits with or without a fraction.
    let mut at = *cursor;
    if !is_digit(*at) {
        return false;
    }
    let mut unit = 1.0;
    let mut digits = 0.0;
    while is_digit(*at) {
        digits = digits * 10.0 + f64::from(*at as u8 - b'0');
        at = at.add(1);
    }
    if *at as u8 == b'.' && is_digit(*at.add(1)) {
        at = at.add(1);
        while is_digit(*at) {
            digits = digits * 10.0 + f64::from(*at as u8 - b'0');
            unit *= 10.0;
            at = at.add(1);
        }
    }
    *number = digits / unit;
    *cursor = at;
    true
}

/// `formula.c:89`
pub unsafe extern "C" fn combine(left: crate::types::value, sign: ::core::ffi::c_char, right: crate::types::value) -> crate::types::value {
    let mut left = left;
    let mut right = right;
    let sign = sign as u8;
    let result = if left.kind == VALUE_FAULT {
        left
    } else if right.kind == VALUE_FAULT {
        right
    } else if sign == b'&' {
        let mut joined = ::core::mem::MaybeUninit::<crate::types::text>::uninit();
        crate::text::text_init(joined.as_mut_ptr());
        let mut joined = joined.assume_init();
        crate::value::value_write(&left, &mut joined);
        crate::value::value_write(&right, &mut joined);
        let text = crate::value::value_text(joined.bytes, joined.length);
        crate::text::text_free(&mut joined);
        text
    } else if matches!(sign, b'<' | b'=' | b'>') {
        let order = crate::value::value_ascending(&left, &right);
        let holds = match sign {
            b'<' => order < 0,
            b'=' => order == 0,
            _ => order > 0,
        };
        crate::value::value_number(if holds { 1.0 } else { 0.0 })
    } else if left.kind != VALUE_TEXT && right.kind != VALUE_TEXT {
        // What is empty counts as zero.
        let a = if left.kind == VALUE_NUMBER { left.r#as.number } else { 0.0 };
        let b = if right.kind == VALUE_NUMBER { right.r#as.number } else { 0.0 };
        if sign == b'/' && b == 0.0 {
            crate::value::value_fault(FAULT_DIVISION)
        } else {
            crate::value::value_number(match sign {
                b'+' => a + b,
                b'-' => a - b,
                b'*' => a * b,
                _ => a / b,
            })
        }
    } else {
        crate::value::value_fault(FAULT_KIND)
    };
    crate::value::value_free(&mut left);
    crate::value::value_free(&mut right);
    result
}

/// `formula.c:121`
pub unsafe extern "C" fn cell_value(reader: *mut crate::types::reader, column: usize, row: usize) -> crate::types::value {
    let value = crate::sheet::sheet_value((*reader).sheet, column, row);
    if value.is_null() {
        crate::value::value_fault(FAULT_PLACE)
    } else {
        crate::value::value_copy(value)
    }
}

/// `formula.c:128`
pub unsafe extern "C" fn read_argument(reader: *mut crate::types::reader, list: *mut crate::types::list) {
    let (mut left, mut top, mut right, mut bottom) = (0, 0, 0, 0);
    skip_spaces(reader);
    let mut cursor = (*reader).at;
    let mut is_range = crate::sheet::place_read(&mut cursor, &mut left, &mut top) && *cursor as u8 == b':';
    if is_range {
        cursor = cursor.add(1);
        is_range = crate::sheet::place_read(&mut cursor, &mut right, &mut bottom);
    }
    if !is_range {
        list_add(list, read_expression(reader));
        return;
    }
    (*reader).at = cursor;
    for row in top..=bottom {
        for column in left..=right {
            list_add(list, cell_value(reader, column, row));
        }
    }
}

/// `formula.c:146`
pub unsafe extern "C" fn read_call(reader: *mut crate::types::reader) -> crate::types::value {
    let name = (*reader).at;
    let mut length = 0;
    while (*name.add(length) as u8).is_ascii_uppercase() {
        length += 1;
    }
    (*reader).at = name.add(length);
    let function = crate::functions::function_find(name, length);
    if !take(reader, b'(' as _) {
        return crate::value::value_fault(FAULT_NAME);
    }
    let mut list = crate::types::list {
        items: ::core::ptr::null_mut(),
        count: 0,
        room: 0,
    };
    loop {
        read_argument(reader, &mut list);
        if !take(reader, b',' as _) {
            break;
        }
    }
    let result = if !take(reader, b')' as _) {
        crate::value::value_fault(FAULT_SYNTAX)
    } else if function.is_null() {
        crate::value::value_fault(FAULT_NAME)
    } else {
        crate::functions::function_call(function, list.items, list.count)
    };
    list_free(&mut list);
    result
}

/// `formula.c:174`
pub unsafe extern "C" fn read_name(reader: *mut crate::types::reader) -> crate::types::value {
    let (mut column, mut row) = (0, 0);
    if crate::sheet::place_read(&mut (*reader).at, &mut column, &mut row) {
        cell_value(reader, column, row)
    } else {
        read_call(reader)
    }
}

/// `formula.c:180`
pub unsafe extern "C" fn read_factor(reader: *mut crate::types::reader) -> crate::types::value {
    if take(reader, b'"' as _) {
        let start = (*reader).at;
        let rest = ::core::ffi::CStr::from_ptr(start).to_bytes();
        return match rest.iter().position(|&letter| letter == b'"') {
            Some(length) => {
                (*reader).at = start.add(length + 1);
                crate::value::value_text(start, length)
            }
            None => crate::value::value_fault(FAULT_SYNTAX),
        };
    }
    if take(reader, b'(' as _) {
        let inner = read_expression(reader);
        return if take(reader, b')' as _) {
            inner
        } else {
            combine(crate::value::value_fault(FAULT_SYNTAX), b')' as _, inner)
        };
    }
    let mut number = 0.0;
    if scan_number(&mut (*reader).at, &mut number) {
        return crate::value::value_number(number);
    }
    if (*(*reader).at as u8).is_ascii_uppercase() {
        read_name(reader)
    } else {
        crate::value::value_fault(FAULT_SYNTAX)
    }
}

/// `formula.c:199`
pub unsafe extern "C" fn read_term(reader: *mut crate::types::reader) -> crate::types::value {
    let mut left = read_factor(reader);
    loop {
        if take(reader, b'*' as _) {
            left = combine(left, b'*' as _, read_factor(reader));
        } else if take(reader, b'/' as _) {
            left = combine(left, b'/' as _, read_factor(reader));
        } else {
            return left;
        }
    }
}

/// `formula.c:213`
pub unsafe extern "C" fn read_sum(reader: *mut crate::types::reader) -> crate::types::value {
    let mut left = if take(reader, b'-' as _) {
        combine(crate::value::value_empty(), b'-' as _, read_term(reader))
    } else {
        read_term(reader)
    };
    loop {
        skip_spaces(reader);
        let sign = *(*reader).at;
        if !matches!(sign as u8, b'+' | b'-' | b'&') {
            return left;
        }
        (*reader).at = (*reader).at.add(1);
        left = combine(left, sign, read_term(reader));
    }
}

/// `formula.c:227`
pub unsafe extern "C" fn read_expression(reader: *mut crate::types::reader) -> crate::types::value {
    (*reader).depth += 1;
    if (*reader).depth > DEEPEST {
        let rest = ::core::ffi::CStr::from_ptr((*reader).at).to_bytes().len();
        (*reader).at = (*reader).at.add(rest);
        return crate::value::value_fault(FAULT_SYNTAX);
    }
    let mut left = read_sum(reader);
    skip_spaces(reader);
    let sign = *(*reader).at;
    if matches!(sign as u8, b'<' | b'=' | b'>') {
        (*reader).at = (*reader).at.add(1);
        left = combine(left, sign, read_sum(reader));
    }
    (*reader).depth -= 1;
    left
}

/// `formula.c:244`
pub unsafe extern "C" fn formula_constant(source: *const ::core::ffi::c_char) -> crate::types::value {
    let negative = *source as u8 == b'-';
    let mut cursor = source.add(usize::from(negative));
    let mut number = 0.0;
    if scan_number(&mut cursor, &mut number) && *cursor == 0 {
        return crate::value::value_number(if negative { -number } else { number });
    }
    crate::value::value_text(source, ::core::ffi::CStr::from_ptr(source).to_bytes().len())
}

/// `formula.c:254`
pub unsafe extern "C" fn formula_evaluate(sheet: *mut crate::types::sheet, source: *const ::core::ffi::c_char) -> crate::types::value {
    let mut reader = crate::types::reader {
        sheet,
        at: source,
        depth: 0,
    };
    let mut value = read_expression(&mut reader);
    skip_spaces(&mut reader);
    if *reader.at != 0 && value.kind != VALUE_FAULT {
        crate::value::value_free(&mut value);
        value = crate::value::value_fault(FAULT_SYNTAX);
    }
    value
}

extern "C" {
    fn free(memory: *mut ::core::ffi::c_void);
}
