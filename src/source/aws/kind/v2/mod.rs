//! HTTP and WebSocket APIs, which are API Gateway V2.

pub mod calls;
mod convert;
