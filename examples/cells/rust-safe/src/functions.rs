//! `functions.c`

use crate::constants::*;
use crate::types::*;

/// `functions.c:8`
pub unsafe extern "C" fn count_numbers(values: *const crate::types::value, count: usize) -> crate::types::value {
    let mut found = 0.0;
    for at in 0..count {
        if (*values.add(at)).kind == VALUE_NUMBER {
            found += 1.0;
        }
    }
    crate::value::value_number(found)
}

/// `functions.c:17`
pub unsafe extern "C" fn sum(values: *const crate::types::value, count: usize) -> crate::types::value {
    let mut total = 0.0;
    for at in 0..count {
        let value = &*values.add(at);
        if value.kind == VALUE_NUMBER {
            total += value.r#as.number;
        }
    }
    crate::value::value_number(total)
}

/// `functions.c:28`
pub unsafe extern "C" fn average(values: *const crate::types::value, count: usize) -> crate::types::value {
    let numbers = count_numbers(values, count).r#as.number;
    if numbers == 0.0 {
        return crate::value::value_fault(FAULT_DIVISION);
    }
    crate::value::value_number(sum(values, count).r#as.number / numbers)
}

/// `functions.c:38`
pub unsafe extern "C" fn foremost(values: *const crate::types::value, count: usize, order: crate::types::value_order) -> crate::types::value {
    let mut best: *const crate::types::value = ::core::ptr::null();
    for at in 0..count {
        let value = values.add(at);
        if (*value).kind == VALUE_NUMBER && (best.is_null() || order.expect("an order is given")(value, best) < 0) {
            best = value;
        }
    }
    if best.is_null() {
        crate::value::value_number(0.0)
    } else {
        crate::value::value_copy(best)
    }
}

/// `functions.c:49`
pub unsafe extern "C" fn least(values: *const crate::types::value, count: usize) -> crate::types::value {
    foremost(values, count, Some(crate::value::value_ascending))
}

/// `functions.c:54`
pub unsafe extern "C" fn greatest(values: *const crate::types::value, count: usize) -> crate::types::value {
    foremost(values, count, Some(crate::value::value_descending))
}

/// `functions.c:59`
pub unsafe extern "C" fn choose(values: *const crate::types::value, count: usize) -> crate::types::value {
    let condition = &*values;
    if condition.kind == VALUE_TEXT {
        return crate::value::value_fault(FAULT_KIND);
    }
    if condition.kind == VALUE_NUMBER && condition.r#as.number != 0.0 {
        return crate::value::value_copy(values.add(1));
    }
    if count > 2 {
        crate::value::value_copy(values.add(2))
    } else {
        crate::value::value_empty()
    }
}

/// `functions.c:70`
pub static mut functions: [crate::types::function; 6] = [
    crate::types::function {
        name: b"AVERAGE\0".as_ptr() as *const ::core::ffi::c_char,
        least: 1,
        most: ANY_NUMBER as usize,
        apply: Some(average),
    },
    crate::types::function {
        name: b"COUNT\0".as_ptr() as *const ::core::ffi::c_char,
        least: 1,
        most: ANY_NUMBER as usize,
        apply: Some(count_numbers),
    },
    crate::types::function {
        name: b"IF\0".as_ptr() as *const ::core::ffi::c_char,
        least: 2,
        most: 3,
        apply: Some(choose),
    },
    crate::types::function {
        name: b"MAX\0".as_ptr() as *const ::core::ffi::c_char,
        least: 1,
        most: ANY_NUMBER as usize,
        apply: Some(greatest),
    },
    crate::types::function {
        name: b"MIN\0".as_ptr() as *const ::core::ffi::c_char,
        least: 1,
        most: ANY_NUMBER as usize,
        apply: Some(least),
    },
    crate::types::function {
        name: b"SUM\0".as_ptr() as *const ::core::ffi::c_char,
        least: 1,
        most: ANY_NUMBER as usize,
        apply: Some(sum),
    },
];

/// `functions.c:75`
pub unsafe extern "C" fn function_find(name: *const ::core::ffi::c_char, length: usize) -> *const crate::types::function {
    let table = &*::core::ptr::addr_of!(functions);
    for entry in table {
        let known = ::core::ffi::CStr::from_ptr(entry.name).to_bytes();
        if known.len() == length && known == ::core::slice::from_raw_parts(name as *const u8, length) {
            return entry;
        }
    }
    ::core::ptr::null()
}

/// `functions.c:86`
pub unsafe extern "C" fn function_call(function: *const crate::types::function, arguments: *const crate::types::value, count: usize) -> crate::types::value {
    let function = &*function;
    if count < function.least || count > function.most {
        return crate::value::value_fault(FAULT_SYNTAX);
    }
    for at in 0..count {
        let argument = *arguments.add(at);
        if argument.kind == VALUE_FAULT {
            return argument;
        }
    }
    let apply = function.apply.expect("every function can be applied");
    apply(arguments, count)
}
