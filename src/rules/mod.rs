//! The pure room.
