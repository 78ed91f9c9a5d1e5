"""Live updates: from the outbox, in order, to the browsers that may hear (`GET /live`)."""

from core.kernel.live.connection import LiveViewer
from core.kernel.live.dispatcher import Dispatcher
from core.kernel.live.endpoint import LiveEndpoint
from core.kernel.live.hub import RELOAD, Hub
from core.kernel.live.stream import purge_stream

__all__ = ["RELOAD", "Dispatcher", "Hub", "LiveEndpoint", "LiveViewer", "purge_stream"]
