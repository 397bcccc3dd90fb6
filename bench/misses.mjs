/** Why a bench's goals are missed, where they are, as far as is known; shown with its figures while one is. By name of the bench. */
export const MISSES = {
  evaluate:
    "against the peers, because the fastest of them are nearer to the floor than the goals allow for: where the floor's own figure beside a peer is below the goal, nothing that hashes the id on each call can reach it. Event sending is off for all, which some pay for otherwise. Against the floor, a rule costs Rampart a call and a read of the attribute by a name that is only known at run time, which hand-written code does not have.",
  coldstart:
    "all of it is code that runs for the first time, in the interpreter. Nearly half is loading one file that holds the whole library, the rest checking every field of 1,000 flags and compiling them, with a young collection or two in between. Flags that are checked and compiled when they are first asked for would be the next step, and would no longer tell at the start which of them can't be read. sdk-node loads Node's crypto besides, begins to connect before it hands over, and loads Node's HTTP client meanwhile.",
  commit:
    "what the store adds to the bare transaction is reading and parsing the record and the audit's head, the decision, JSON, and SHA-256 over canonical JSON; half of it is the audit's. The disk that this was taken on flushes in well under a tenth of a millisecond; beside one that takes longer the share is smaller.",
  storm:
    "per stream, Rampart authorizes the key, counts it against its limits, notes the client and its instance, and keeps what it holds; the bare server keeps a socket in a set. The loop stops longest where the system hands over at once as many connections as may wait to be accepted; the bare server stops there, too.",
  fanout:
    "the commit and its audit entry come before the first byte, and an event of Rampart's is larger than the 200 bytes of the others.",
  http: "authorization, rate limits, the note of the client, metrics and security headers cost what is left.",
  flip: "the clients, the server and the load share the machine's cores.",
};
