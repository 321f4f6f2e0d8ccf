# The peer of probe.json: python3 probe.py SOCKET, with pycapnp.
import asyncio
import os
import sys

import capnp

schema = capnp.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "probe.capnp"))
alive = 0


class Probe(schema.Probe.Server):
    def __init__(self):
        global alive
        alive += 1

    def __del__(self):
        global alive
        alive -= 1

    async def echo(self, text, **rest):
        return text

    async def promised(self, **rest):
        return schema.Probe._new_client(Probe()).slow().probe

    async def slow(self, **rest):
        await asyncio.sleep(0.3)
        return Probe()

    async def alive(self, **rest):
        return alive


async def serve(stream):
    await capnp.TwoPartyServer(stream, bootstrap=Probe()).on_disconnect()


async def main():
    server = await capnp.AsyncIoStream.create_unix_server(serve, sys.argv[1])
    async with server:
        await server.serve_forever()


asyncio.run(capnp.run(main()))
