"""Respeecher Voice Marketplace, emulated: routes, access check, and what is taken up after a restart."""

from audiokit.emulator.respeecher._access import admit, authorise
from audiokit.emulator.respeecher._account import credits_of
from audiokit.emulator.respeecher._recover import recover
from audiokit.emulator.respeecher._routes import routes

__all__ = ["admit", "authorise", "credits_of", "recover", "routes"]
