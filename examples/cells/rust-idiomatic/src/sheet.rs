use crate::functions::function_find;
use crate::value::{function_call, value_ascending, Fault};
use crate::text::copy_bytes;
use crate::value::formula_constant;
/// The most columns a sheet has, named by the letters A to Z.
pub const MOST_COLUMNS: usize = 26;

/// The most rows a sheet has.
pub const MOST_ROWS: usize = 99;

/// Reads a name such as B12 and moves the cursor behind it; `None` where there is none, and then
/// the cursor stays.
///
/// The result is the column and the row, both counted from 0. Neither is checked against the size
/// of a sheet.
pub fn place_read(cursor: &mut &str) -> Option<(usize, usize)> {
    let text = *cursor;
    let bytes = text.as_bytes();
    let column = match bytes.first() {
        Some(letter @ b'A'..=b'Z') => usize::from(letter - b'A'),
        _ => return None,
    };
    if !matches!(bytes.get(1), Some(b'1'..=b'9')) {
        return None;
    }
    let mut at = 1;
    let mut number: usize = 0;
    while let Some(digit @ b'0'..=b'9') = bytes.get(at) {
        if number > MOST_ROWS {
            break;
        }
        number = number * 10 + usize::from(digit - b'0');
        at += 1;
    }
    *cursor = &text[at..];
    Some((column, number - 1))
}

use crate::text::Text;
use crate::value::{Value, ValueOrder};

/// Whether the value of a cell is up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    #[default]
    Fresh = 0,
    /// The formula has to be worked out again.
    Stale = 1,
    /// The formula is being worked out.
    Busy = 2,
}

/// A cell of a sheet, which owns its source and its value.
#[derive(Debug, PartialEq, Default)]
pub struct Cell {
    /// `None` where nothing was written, else not empty.
    pub source: Option<String>,
    pub value: Value,
    pub state: State,
}

/// A sheet, which owns its cells.
#[derive(Debug, PartialEq)]
pub struct Sheet {
    columns: usize,
    rows: usize,
    /// As many as `columns * rows`, one row behind the other: the cell of a column and a row stands
    /// at `row * columns + column`.
    cells: Vec<Cell>,
}

impl Sheet {
    /// Returns an empty sheet, or `None` where it would have no cells or too many.
    pub fn new(columns: usize, rows: usize) -> Option<Sheet> {
        if columns == 0 || rows == 0 || columns > MOST_COLUMNS || rows > MOST_ROWS {
            return None;
        }
        let cells = (0..columns * rows)
            .map(|_| Cell {
                source: None,
                value: Value::empty(),
                state: State::Fresh,
            })
            .collect();
        Some(Sheet {
            columns,
            rows,
            cells,
        })
    }

    /// Gives up the sheet and frees the values of all its cells by `Value::free`, so that their
    /// texts count no longer.
    pub fn free(self) {
        for mut cell in self.cells {
            cell.value.free();
        }
    }

    /// Gives a cell its content: a number, a text, or a formula behind "="; false where there is no
    /// such cell.
    pub fn set(&mut self, place: &str, source: &str) -> bool {
        let Some((column, row)) = cell_named(self, place) else {
            return false;
        };
        let cell = &mut self.cells[row * self.columns + column];
        cell.source = (!source.is_empty()).then(|| copy_bytes(source));
        cell.state = State::Fresh;
        cell.value.free();
        if cell.source.is_some() && !is_formula(cell) {
            cell.value = formula_constant(source);
        }
        make_stale(self);
        true
    }

    /// Returns the value of a cell, which stays the sheet's, or `None` where there is no such cell.
    /// A formula is worked out where that has to be.
    pub fn value(&mut self, column: usize, row: usize) -> Option<&Value> {
        if column >= self.columns || row >= self.rows {
            return None;
        }
        let at = row * self.columns + column;
        match self.cells[at].state {
            State::Stale => {
                self.cells[at].state = State::Busy;
                let source = self.cells[at].source.clone().unwrap_or_default();
                let found = formula_evaluate(self, source.get(1..).unwrap_or_default());
                let cell = &mut self.cells[at];
                cell.value.free();
                cell.value = found;
                cell.state = State::Fresh;
            }
            State::Busy => {
                let cell = &mut self.cells[at];
                cell.value.free();
                cell.value = Value::fault(Fault::Cycle);
            }
            State::Fresh => {}
        }
        Some(&self.cells[at].value)
    }

    /// Adds the value of a cell as it is shown; false where there is no such cell.
    pub fn show(&mut self, place: &str, out: &mut Text) -> bool {
        let Some((column, row)) = cell_named(self, place) else {
            return false;
        };
        if let Some(value) = self.value(column, row) {
            value.write(out);
        }
        true
    }

    /// Adds all cells, a line each row.
    pub fn write(&mut self, out: &mut Text) {
        for row in 0..self.rows {
            for column in 0..self.columns {
                out.add_word(if column == 0 { "| " } else { " | " });
                if let Some(value) = self.value(column, row) {
                    value.write(out);
                }
            }
            out.add_word(" |\n");
        }
    }

    /// Sorts rows by the values in a column, but for formulas, which stay; rows that are equal keep
    /// their order. False where there is no such column or there are no such rows.
    pub fn sort(&mut self, column: usize, first: usize, last: usize, order: ValueOrder) -> bool {
        if column >= self.columns || first > last || last >= self.rows {
            return false;
        }
        for row in first..=last {
            self.value(column, row);
        }
        for next in first + 1..=last {
            let mut row = next;
            while row > first {
                let lower = row * self.columns + column;
                let upper = lower - self.columns;
                if order(&self.cells[lower].value, &self.cells[upper].value) >= 0 {
                    break;
                }
                lift_row(self, row);
                row -= 1;
            }
        }
        make_stale(self);
        true
    }
}

/// Works out what stands behind the "=" of a formula; the caller frees the value.
pub fn formula_evaluate(sheet: &mut Sheet, source: &str) -> Value {
    let mut reader = Reader {
        sheet,
        at: source,
        depth: 0,
    };
    let mut value = read_expression(&mut reader);
    skip_spaces(&mut reader);
    if !reader.at.is_empty() && !matches!(value, Value::Fault(_)) {
        value.free();
        value = Value::fault(Fault::Syntax);
    }
    value
}

/// The column and the row of a name that stands alone, or `None` where the sheet has no such cell.
fn cell_named(sheet: &Sheet, place: &str) -> Option<(usize, usize)> {
    let mut cursor = place;
    let (column, row) = place_read(&mut cursor)?;
    (cursor.is_empty() && column < sheet.columns && row < sheet.rows).then_some((column, row))
}

fn is_formula(cell: &Cell) -> bool {
    cell.source
        .as_ref()
        .is_some_and(|source| source.starts_with('='))
}

/// Every formula has to be worked out again.
fn make_stale(sheet: &mut Sheet) {
    for cell in &mut sheet.cells {
        if is_formula(cell) {
            cell.state = State::Stale;
        }
    }
}

const DEEPEST: i32 = 40;

/// A formula while it is read.
struct Reader<'a> {
    sheet: &'a mut Sheet,
    at: &'a str,
    depth: i32,
}

fn skip_spaces(reader: &mut Reader) {
    reader.at = reader.at.trim_start_matches(' ');
}

/// Goes past a sign if it comes next.
fn take(reader: &mut Reader, sign: char) -> bool {
    skip_spaces(reader);
    match reader.at.strip_prefix(sign) {
        Some(rest) => {
            reader.at = rest;
            true
        }
        None => false,
    }
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

/// What a value counts for where it is calculated with; what is empty counts as zero.
fn operand(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Empty => Some(0.0),
        Value::Text(_) | Value::Fault(_) => None,
    }
}

fn truth(holds: bool) -> Value {
    Value::number(if holds { 1.0 } else { 0.0 })
}

/// Works out one operation and frees what it was given.
fn combine(mut left: Value, sign: u8, mut right: Value) -> Value {
    let result = match (&left, &right) {
        (Value::Fault(fault), _) | (_, Value::Fault(fault)) => Value::fault(*fault),
        _ => match sign {
            b'&' => {
                let mut joined = Text::new();
                left.write(&mut joined);
                right.write(&mut joined);
                Value::text(&String::from_utf8_lossy(&joined.bytes))
            }
            b'<' => truth(value_ascending(&left, &right) < 0),
            b'=' => truth(value_ascending(&left, &right) == 0),
            b'>' => truth(value_ascending(&left, &right) > 0),
            _ => match (operand(&left), operand(&right)) {
                (Some(a), Some(b)) => match sign {
                    b'/' if b == 0.0 => Value::fault(Fault::Division),
                    b'+' => Value::number(a + b),
                    b'-' => Value::number(a - b),
                    b'*' => Value::number(a * b),
                    _ => Value::number(a / b),
                },
                _ => Value::fault(Fault::Kind),
            },
        },
    };
    left.free();
    right.free();
    result
}

/// A copy of the value that a cell has.
fn cell_value(reader: &mut Reader, column: usize, row: usize) -> Value {
    match reader.sheet.value(column, row) {
        Some(value) => value.copy(),
        None => Value::fault(Fault::Place),
    }
}

/// Reads a range such as A1:B3 and moves the cursor behind it: its left, top, right and bottom.
fn read_range(cursor: &mut &str) -> Option<(usize, usize, usize, usize)> {
    let mut at = *cursor;
    let (left, top) = place_read(&mut at)?;
    at = at.strip_prefix(':')?;
    let (right, bottom) = place_read(&mut at)?;
    *cursor = at;
    Some((left, top, right, bottom))
}

/// Reads one argument: a range such as A1:B3, or an expression.
fn read_argument(reader: &mut Reader, list: &mut Vec<Value>) {
    skip_spaces(reader);
    let Some((left, top, right, bottom)) = read_range(&mut reader.at) else {
        let value = read_expression(reader);
        list.push(value);
        return;
    };
    for row in top..=bottom {
        for column in left..=right {
            let value = cell_value(reader, column, row);
            list.push(value);
        }
    }
}

fn read_call(reader: &mut Reader) -> Value {
    let start = reader.at;
    reader.at = start.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
    let name = &start[..start.len() - reader.at.len()];
    let function = function_find(name);
    if !take(reader, '(') {
        return Value::fault(Fault::Name);
    }
    let mut list = Vec::new();
    loop {
        read_argument(reader, &mut list);
        if !take(reader, ',') {
            break;
        }
    }
    let result = if !take(reader, ')') {
        Value::fault(Fault::Syntax)
    } else if let Some(function) = function {
        function_call(function, &list)
    } else {
        Value::fault(Fault::Name)
    };
    for value in &mut list {
        value.free();
    }
    result
}

/// Reads a name: of a cell, or of a function that is called.
fn read_name(reader: &mut Reader) -> Value {
    match place_read(&mut reader.at) {
        Some((column, row)) => cell_value(reader, column, row),
        None => read_call(reader),
    }
}

fn read_factor(reader: &mut Reader) -> Value {
    if take(reader, '"') {
        return match reader.at.split_once('"') {
            Some((text, rest)) => {
                reader.at = rest;
                Value::text(text)
            }
            None => Value::fault(Fault::Syntax),
        };
    }
    if take(reader, '(') {
        let inner = read_expression(reader);
        return if take(reader, ')') {
            inner
        } else {
            combine(Value::fault(Fault::Syntax), b')', inner)
        };
    }
    if let Some(number) = scan_number(&mut reader.at) {
        return Value::number(number);
    }
    if reader.at.starts_with(|letter: char| letter.is_ascii_uppercase()) {
        read_name(reader)
    } else {
        Value::fault(Fault::Syntax)
    }
}

fn read_term(reader: &mut Reader) -> Value {
    let mut left = read_factor(reader);
    loop {
        let sign = if take(reader, '*') {
            b'*'
        } else if take(reader, '/') {
            b'/'
        } else {
            return left;
        };
        let right = read_factor(reader);
        left = combine(left, sign, right);
    }
}

fn read_sum(reader: &mut Reader) -> Value {
    let mut left = if take(reader, '-') {
        let term = read_term(reader);
        combine(Value::empty(), b'-', term)
    } else {
        read_term(reader)
    };
    loop {
        skip_spaces(reader);
        let sign = match reader.at.as_bytes().first() {
            Some(&sign) if matches!(sign, b'+' | b'-' | b'&') => sign,
            _ => return left,
        };
        reader.at = &reader.at[1..];
        let right = read_term(reader);
        left = combine(left, sign, right);
    }
}

fn read_expression(reader: &mut Reader) -> Value {
    reader.depth += 1;
    if reader.depth > DEEPEST {
        reader.at = "";
        return Value::fault(Fault::Syntax);
    }
    let mut left = read_sum(reader);
    skip_spaces(reader);
    if let Some(&sign) = reader.at.as_bytes().first() {
        if matches!(sign, b'<' | b'=' | b'>') {
            reader.at = &reader.at[1..];
            let right = read_sum(reader);
            left = combine(left, sign, right);
        }
    }
    reader.depth -= 1;
    left
}

/// Exchanges a row with the one above it; formulas stay where they are.
fn lift_row(sheet: &mut Sheet, row: usize) {
    for column in 0..sheet.columns {
        let lower = row * sheet.columns + column;
        let upper = lower - sheet.columns;
        if !is_formula(&sheet.cells[lower]) && !is_formula(&sheet.cells[upper]) {
            sheet.cells.swap(lower, upper);
        }
    }
}
