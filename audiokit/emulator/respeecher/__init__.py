"""Respeecher Voice Marketplace, emulated: routes, access check, and what is taken up after a restart."""

from audiokit.emulator.respeecher._access import authorise
from audiokit.emulator.respeecher._recover import recover
from audiokit.emulator.respeecher._routes import routes

__all__ = ["authorise", "recover", "routes"]
