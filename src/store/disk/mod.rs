//! The store on local disk.
