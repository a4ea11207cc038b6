import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { head, rawReceiver, underTest } from './receiver.js';

test.each<[string, (socket: Socket) => unknown]>([
  ['ends', (socket) => socket.end()],
  ['is reset', (socket) => setTimeout(() => socket.resetAndDestroy(), 50)],
])(
  'a kept connection that %s in the middle of an answer is not replaced: what was posted has come',
  async (_, stop) => {
    let posts = 0;
    const kept = await rawReceiver((socket) =>
      socket.on('data', (request) => {
        posts += request.toString().match(/^POST /gm)?.length ?? 0;
        if (posts === 1) socket.write(head('content-length: 0'));
        else socket.write(`${head('content-length: 100')}half`, () => stop(socket));
      }),
    );
    const client = underTest();
    try {
      expect(await client.post(kept.url, { body: '{}' })).toMatchObject({ status: 200 });
      await expect(client.post(kept.url, { body: '{}' })).rejects.toMatchObject({ reason: 'reset' });
      expect([posts, kept.connections]).toEqual([2, 1]);
    } finally {
      client.close();
      await kept.close();
    }
  },
);
