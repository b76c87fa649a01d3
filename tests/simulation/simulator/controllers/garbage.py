"""The garbage collector, which removes what belonged to a deleted object."""

import asyncio

from simulation.simulator.store import Store


COLLECT_SECONDS = 1
"""Between an owner's deletion and its children's."""


async def collect_garbage(store: Store) -> None:
    """Remove children whose owners are gone, until cancelled."""
    while True:
        await store.change()
        await asyncio.sleep(COLLECT_SECONDS)
        store.collect()
