//! driftgate audits Amazon API Gateway V2 stages (HTTP and WebSocket APIs) against YAML policies.
//!
//! ```text
//! policies (YAML) ──► policy ──────────┐
//!                                      ▼
//! AWS · snapshot · CLI ──► source ──► check ──► results ──► gate ──► exit code
//!                                                  └──────► report
//! ```
//!
//! The modules in the order of the flow:

pub mod cli;

pub mod model;

pub mod policy;

pub mod source;

pub mod check;

pub mod gate;

pub mod report;

pub mod emulator;
