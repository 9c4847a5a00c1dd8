//! Connections, and the control plane that decides about each request.

pub mod arrival;
pub mod connection;
pub mod control_plane;
