"""Offline server of the three APIs that makes real sound; started by `audiokit emulator`."""
