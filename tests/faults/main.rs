//! Real faults on real nodes: kills, disks that fill, damage, and networks that misbehave.
#![cfg(target_os = "linux")] // signals, limits and namespaces are that system's

#[path = "../program/mod.rs"]
mod program;

mod damage;
mod desk;
mod disk;
mod folder;
mod killed;
mod namespaces;
mod network;
mod platter;
mod power;
mod proxy;
mod rotation;
mod trace;
