import { Floor, type FloorOptions } from './floor.js';

export interface DelivererOptions extends FloorOptions {
  /** How often the store is asked for what other processes want done. Milliseconds. */
  readonly look?: number;
}

/** How the deliveries of this process are doing. */
export interface DelivererState {
  readonly shards: number;
  readonly subscriptions: number;
  /** Subscriptions that do not follow the log but catch up with it. */
  readonly behind: number;
  readonly underWay: number;
  /** Age of the oldest notification that is owed, in seconds. */
  readonly lagSeconds: number;
}

/** Delivers what is owed to the subscriptions of the shards that this process holds. */
export interface Deliverer {
  state(): DelivererState;
  /** Finishes what is under way (for as long as `drain` says), stores it and gives the shards back. */
  stop(): Promise<void>;
  /** Ends without finishing anything, as a crash would. */
  abandon(): void;
}

/** What is delivered in between is sent once more after a crash. */
const marksEvery = 100;
const tidiesEvery = 1000;

export async function startDeliverer(options: DelivererOptions): Promise<Deliverer> {
  const floor = await Floor.open(options);
  const stops = [
    every(options.look ?? 500, () => floor.lookForReplays()),
    every(marksEvery, () => floor.mark()),
    every(tidiesEvery, () => floor.tidy()),
  ];
  const end = () => stops.forEach((stop) => stop());
  return {
    state: () => floor.state(),
    async stop() {
      end();
      await floor.close();
    },
    abandon() {
      end();
      floor.abandon();
    },
  };
}

function every(milliseconds: number, work: () => void): () => void {
  const timer = setInterval(work, milliseconds);
  timer.unref();
  return () => clearInterval(timer);
}
