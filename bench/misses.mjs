/** Why a bench's goals are missed, where they are, as far as is known; shown with its figures while one is. By name of the bench. */
export const MISSES = {
  evaluate:
    "against the peers, because the fastest of them are nearer to the floor than the goals allow for: where the floor's own figure beside a peer is below the goal, nothing that hashes the id on each call can reach it. Event sending is off for all, which some pay for otherwise. Against the floor, a rule costs Rampart a call and a read of the attribute by a name that is only known at run time, which hand-written code does not have.",
  coldstart:
    "all of it is code that runs for the first time, in the interpreter. A third is loading one file that holds the whole library, the rest checking every field of 1,000 flags, compiling them and summing up their digest, with two young collections in between. Flags compiled when they are first asked for, a digest summed at the first heartbeat and a file with only what a client needs would be the next steps. sdk-node begins to connect before it hands over, and loads Node's HTTP client meanwhile.",
  commit:
    "the store adds about 30 µs to the bare transaction: reading and parsing the record and the audit's head, the decision, JSON, and SHA-256 over canonical JSON. The disk that this was taken on flushes in some 60 µs; beside one that takes longer the share is smaller.",
  storm:
    "per stream, Rampart authorizes the key, counts it against its limits, notes the client and its instance, and keeps what it holds; the bare server keeps a socket in a set.",
  fanout:
    "the commit and its audit entry come before the first byte, and an event of Rampart's is larger than the 200 bytes of the others.",
  http: "authorization, rate limits, the note of the client, metrics and security headers cost what is left.",
  flip: "the clients, the server and the load share the machine's cores.",
};
