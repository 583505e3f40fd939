use crate::functions::Function;
use crate::text::Text;

/// How many texts are owned by values at this moment: `Value::text` counts up, `Value::free` down.
static OWNING: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);

/// What went wrong where a value was to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Syntax = 0,
    Name = 1,
    Place = 2,
    Cycle = 3,
    Division = 4,
    Kind = 5,
}

/// The value of a cell or of a part of a formula.
///
/// The texts that values own are counted. So a text is made by `Value::text` or `Value::copy` alone
/// (there is no `Clone`), and who owns a value calls `Value::free` where it is no longer needed:
/// to drop it gives back the memory but does not count.
#[derive(Debug, PartialEq, Default)]
pub enum Value {
    #[default]
    Empty,
    Number(f64),
    Text(String),
    Fault(Fault),
}

/// Which of two values comes first: negative, zero or positive.
pub type ValueOrder = fn(left: &Value, right: &Value) -> i32;

impl Value {
    /// Returns a value that is empty.
    pub fn empty() -> Value {
        Value::Empty
    }

    /// Returns a number.
    pub fn number(number: f64) -> Value {
        Value::Number(number)
    }

    /// Returns a text that owns a copy of the bytes, and counts it.
    pub fn text(bytes: &str) -> Value {
        let value = Value::Text(crate::text::copy_bytes(bytes));
        OWNING.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        value
    }

    /// Returns a fault.
    pub fn fault(fault: Fault) -> Value {
        Value::Fault(fault)
    }

    /// Returns the same value once more; the copy of a text is counted too.
    pub fn copy(&self) -> Value {
        match self {
            Value::Empty => Value::Empty,
            Value::Number(number) => Value::Number(*number),
            Value::Text(text) => Value::text(text),
            Value::Fault(fault) => Value::Fault(*fault),
        }
    }

    /// Gives up what the value owns, which counts a text no longer; the value is empty then.
    pub fn free(&mut self) {
        if matches!(self, Value::Text(_)) {
            OWNING.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
        }
        *self = Value::empty();
    }

    /// Adds the value as it is shown.
    pub fn write(&self, out: &mut Text) {
        match self {
            Value::Number(number) => out.add_number(*number),
            Value::Text(text) => out.add_word(text),
            Value::Fault(fault) => out.add_word(fault_name(*fault)),
            Value::Empty => {}
        }
    }
}

/// Numbers come before texts, texts before faults, and what is empty comes last.
pub fn value_ascending(left: &Value, right: &Value) -> i32 {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => i32::from(a > b) - i32::from(a < b),
        (Value::Text(a), Value::Text(b)) => compare_texts(a, b),
        (Value::Fault(a), Value::Fault(b)) => *a as i32 - *b as i32,
        _ => rank_of(left) - rank_of(right),
    }
}

/// The other way round than `value_ascending`.
pub fn value_descending(left: &Value, right: &Value) -> i32 {
    value_ascending(right, left)
}

/// Reads what is no formula: a number, or else a text.
pub fn formula_constant(source: &str) -> Value {
    let unsigned = source.strip_prefix('-');
    let mut cursor = unsigned.unwrap_or(source);
    match scan_number(&mut cursor) {
        Some(number) if cursor.is_empty() => {
            Value::number(if unsigned.is_some() { -number } else { number })
        }
        _ => Value::text(source),
    }
}

/// Applies a function, which is chosen by its name; the arguments stay the caller's.
pub fn function_call(function: &Function, arguments: &[Value]) -> Value {
    if arguments.len() < function.least || arguments.len() > function.most {
        return Value::fault(Fault::Syntax);
    }
    for argument in arguments {
        if let Value::Fault(fault) = argument {
            return Value::fault(*fault);
        }
    }
    match function.name.as_str() {
        "AVERAGE" => average(arguments),
        "COUNT" => count_numbers(arguments),
        "IF" => choose(arguments),
        "MAX" => greatest(arguments),
        "MIN" => least(arguments),
        "SUM" => sum(arguments),
        _ => Value::fault(Fault::Name),
    }
}

/// How many texts are owned by values at this moment.
pub fn values_owning() -> i64 {
    OWNING.load(std::sync::atomic::Ordering::Relaxed)
}

/// Reads digits with or without a fraction and moves the cursor behind them.
fn scan_number(cursor: &mut &str) -> Option<f64> {
    let text = *cursor;
    let bytes = text.as_bytes();
    let digit_at = |at: usize| {
        bytes
            .get(at)
            .copied()
            .filter(u8::is_ascii_digit)
            .map(|digit| f64::from(digit - b'0'))
    };
    digit_at(0)?;
    let mut at = 0;
    let mut number: f64 = 0.0;
    let mut unit: f64 = 1.0;
    while let Some(digit) = digit_at(at) {
        number = number * 10.0 + digit;
        at += 1;
    }
    if bytes.get(at) == Some(&b'.') && digit_at(at + 1).is_some() {
        at += 1;
        while let Some(digit) = digit_at(at) {
            number = number * 10.0 + digit;
            unit *= 10.0;
            at += 1;
        }
    }
    *cursor = &text[at..];
    Some(number / unit)
}

fn numbers(values: &[Value]) -> impl Iterator<Item = f64> + '_ {
    values.iter().filter_map(|value| match value {
        Value::Number(number) => Some(*number),
        _ => None,
    })
}

fn count_numbers(values: &[Value]) -> Value {
    Value::number(numbers(values).count() as f64)
}

fn sum(values: &[Value]) -> Value {
    Value::number(numbers(values).fold(0.0, |total, number| total + number))
}

fn average(values: &[Value]) -> Value {
    let count = numbers(values).count();
    if count == 0 {
        return Value::fault(Fault::Division);
    }
    let total = numbers(values).fold(0.0, |total, number| total + number);
    Value::number(total / count as f64)
}

/// The number that an order puts in front of all others, or zero where there is none.
fn foremost(values: &[Value], order: ValueOrder) -> Value {
    let mut best: Option<&Value> = None;
    for value in values {
        if matches!(value, Value::Number(_)) && best.map_or(true, |best| order(value, best) < 0) {
            best = Some(value);
        }
    }
    best.map_or_else(|| Value::number(0.0), Value::copy)
}

fn least(values: &[Value]) -> Value {
    foremost(values, value_ascending)
}

fn greatest(values: &[Value]) -> Value {
    foremost(values, value_descending)
}

fn choose(values: &[Value]) -> Value {
    let holds = match values.first() {
        Some(Value::Text(_)) => return Value::fault(Fault::Kind),
        Some(Value::Number(number)) => *number != 0.0,
        _ => false,
    };
    values
        .get(if holds { 1 } else { 2 })
        .map_or_else(Value::empty, Value::copy)
}

/// The place of a kind of value among the others when they are sorted.
fn rank_of(value: &Value) -> i32 {
    match value {
        Value::Number(_) => 0,
        Value::Text(_) => 1,
        Value::Fault(_) => 2,
        Value::Empty => 3,
    }
}

/// The difference of the first bytes that differ, where a zero byte closes each text.
fn compare_texts(left: &str, right: &str) -> i32 {
    left.bytes()
        .chain([0])
        .zip(right.bytes().chain([0]))
        .map(|(a, b)| i32::from(a) - i32::from(b))
        .find(|&difference| difference != 0)
        .unwrap_or(0)
}

fn fault_name(fault: Fault) -> &'static str {
    match fault {
        Fault::Syntax => "#SYNTAX!",
        Fault::Name => "#NAME?",
        Fault::Place => "#PLACE!",
        Fault::Cycle => "#CYCLE!",
        Fault::Division => "#DIV/0!",
        Fault::Kind => "#KIND!",
    }
}
