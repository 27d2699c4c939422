//! Laws of the language, on values and expressions that nobody chose.

mod cost;
mod logic;
mod numbers;
mod reading;
