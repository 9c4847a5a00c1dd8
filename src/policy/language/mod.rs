//! The language: patterns, the tests in them, and their answers on a stage. It must not know rules or files.

pub mod access_log;
pub mod age;
pub mod context;
pub mod dialect;
pub mod explain;
pub mod fields;
pub mod glob;
pub mod holdable;
pub mod limit;
pub mod operator;
pub mod operators;
pub mod pattern;
pub mod template;
pub mod test;
pub mod texts;
pub mod trail;
pub mod truth;
pub mod value;
pub mod words;
