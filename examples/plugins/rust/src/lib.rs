//! Three small plugins in one file: the connector `rom`, the OS layer `onetask` and the command `oldest`.

mod oldest;
mod onetask;
mod rom;
