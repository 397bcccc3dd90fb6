/*
 * Opens many Server-Sent Events streams to one server or to several, sends the first a request that makes it tell them something, and
 * says when each stream had heard it. One thread, epoll, CLOCK_MONOTONIC.
 *
 *   sse-load PORT[,PORT] STREAMS IN_FLIGHT TIMEOUT_S UNTIL MARKER REQUEST
 *
 * PORT       of the servers, which get the streams in turn
 * STREAMS    how many to open, at most IN_FLIGHT of them at a time between connect and open
 * UNTIL      a stream is open when this text and then an empty line have come; "" for: when the response's headers have come
 * MARKER     text that is in every event that counts and in no other
 * REQUEST    what each stream sends; "{id}" becomes the stream's number in eight hex digits
 *
 * Answers are JSON, a line each. When all streams are open (or the time is up): {"opened":…}. Then, for each line "fire N" on stdin,
 * followed by N bytes of a request: {"received":…}, and of the streams of each port in "ports". The end of stdin ends it.
 *
 * A stream that is refused with 503 comes back after Retry-After seconds and up to half a second more, as a client would.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ_MAX = 256 * 1024, TAIL_MAX = 1024, REQUEST_MAX = 8192, EVENTS_MAX = 1024, PORTS_MAX = 8 };

enum state { WAITING, CONNECTING, HEADERS, FIRST, FIRST_END, OPEN };

struct stream {
  int fd;
  enum state state;
  uint32_t tail_length;
  int64_t due_ns; /* WAITING: when to connect */
  int64_t arrived_ns;
  /* The end of what was read, in case a text that is looked for is cut in two. */
  char tail[TAIL_MAX];
};

static struct stream *streams;
static int stream_count, in_flight_max, epoll_fd, server_count;
static int in_flight, open_count, refused_count, failed_count, received_count;
static int64_t first_bytes, fired_ns;
static const char *until, *marker, *request_template;
static struct sockaddr_in servers[PORTS_MAX];
static char scratch[TAIL_MAX + READ_MAX + 1];

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what) {
  fprintf(stderr, "sse-load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void watch(int op, struct stream *s, uint32_t events) {
  struct epoll_event e = {.events = events, .data.ptr = s};
  if (epoll_ctl(epoll_fd, op, s->fd, &e) != 0) die("epoll_ctl");
}

/* Gives a stream up for now; it connects again at `due_ns`. */
static void retry(struct stream *s, int64_t due_ns) {
  if (s->state == OPEN) open_count--;
  else if (s->state != WAITING) in_flight--;
  close(s->fd);
  s->fd = -1;
  s->state = WAITING;
  s->tail_length = 0;
  s->due_ns = due_ns;
}

static void start(struct stream *s) {
  s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (s->fd < 0) die("socket (raise `ulimit -n`?)");
  int one = 1;
  setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  s->state = CONNECTING;
  in_flight++;
  watch(EPOLL_CTL_ADD, s, EPOLLOUT);
  const struct sockaddr_in *server = &servers[(s - streams) % server_count];
  if (connect(s->fd, (const struct sockaddr *)server, sizeof *server) != 0 && errno != EINPROGRESS) {
    failed_count++;
    retry(s, now_ns() + 100000000);
  }
}

static void send_request(struct stream *s) {
  char request[REQUEST_MAX];
  const char *id = strstr(request_template, "{id}");
  int length = id == NULL ? snprintf(request, sizeof request, "%s", request_template)
                          : snprintf(request, sizeof request, "%.*s%08x%s", (int)(id - request_template), request_template,
                                     (unsigned)(s - streams), id + 4);
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0 || write(s->fd, request, (size_t)length) != length) {
    failed_count++;
    retry(s, now_ns() + 100000000);
    return;
  }
  s->state = HEADERS;
  watch(EPOLL_CTL_MOD, s, EPOLLIN);
}

static void opened(struct stream *s) {
  s->state = OPEN;
  in_flight--;
  open_count++;
}

/* Looks at `data` with what was kept of the read before. Returns how much of it is done with. */
static size_t advance(struct stream *s, char *data, size_t length) {
  char *at;
  size_t done = 0;
  switch (s->state) {
    case WAITING:
    case CONNECTING:
      return length;
    case HEADERS:
      at = memmem(data, length, "\r\n\r\n", 4);
      if (at == NULL) return 0;
      if (memcmp(data + 8, " 200", 4) != 0) {
        char *after = strcasestr(data, "\nretry-after:");
        double seconds = after != NULL && after < at ? strtod(after + 13, NULL) : 1;
        if (memcmp(data + 8, " 503", 4) == 0 || memcmp(data + 8, " 429", 4) == 0) refused_count++;
        else failed_count++;
        if (failed_count == 1 && memcmp(data + 8, " 503", 4) != 0) fprintf(stderr, "sse-load: answered %.300s\n", data);
        retry(s, now_ns() + (int64_t)(seconds * 1e9) + random() % 500000000);
        return length;
      }
      done = (size_t)(at + 4 - data);
      if (until[0] == '\0') opened(s);
      else s->state = FIRST;
      break;
    case FIRST:
      at = memmem(data, length, until, strlen(until));
      if (at == NULL) return length > strlen(until) ? length - strlen(until) : 0;
      done = (size_t)(at - data) + strlen(until);
      s->state = FIRST_END;
      break;
    case FIRST_END:
      at = memmem(data, length, "\n\n", 2);
      if (at == NULL) return length - 1;
      done = (size_t)(at - data) + 2;
      opened(s);
      break;
    case OPEN:
      at = memmem(data, length, marker, strlen(marker));
      if (at == NULL) return length > strlen(marker) ? length - strlen(marker) : 0;
      done = (size_t)(at - data) + strlen(marker);
      if (fired_ns != 0 && s->arrived_ns == 0) {
        s->arrived_ns = now_ns();
        received_count++;
      }
      break;
  }
  return done + (s->state == WAITING ? 0 : advance(s, data + done, length - done));
}

static void receive(struct stream *s) {
  memcpy(scratch, s->tail, s->tail_length);
  ssize_t got = read(s->fd, scratch + s->tail_length, READ_MAX);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    failed_count++;
    retry(s, now_ns() + 100000000);
    return;
  }
  if (s == streams && s->state != OPEN) first_bytes += got;
  size_t length = s->tail_length + (size_t)got;
  scratch[length] = '\0';
  size_t done = advance(s, scratch, length);
  if (s->state == WAITING) return;
  size_t keep = length - done;
  if (keep > TAIL_MAX) {
    fprintf(stderr, "sse-load: the response's headers are longer than %d bytes\n", TAIL_MAX);
    exit(1);
  }
  memmove(s->tail, scratch + done, keep);
  s->tail_length = (uint32_t)keep;
}

static void poll_streams(int timeout_ms) {
  static struct epoll_event events[EVENTS_MAX];
  int ready = epoll_wait(epoll_fd, events, EVENTS_MAX, timeout_ms);
  for (int i = 0; i < ready; i++) {
    struct stream *s = events[i].data.ptr;
    if (s == NULL || s->state == WAITING) continue;
    if (s->state == CONNECTING) send_request(s);
    else receive(s);
  }
}

static void open_all(int64_t timeout_ns) {
  int64_t started = now_ns(), deadline = started + timeout_ns;
  int next = 0;
  while (open_count < stream_count && now_ns() < deadline) {
    int64_t now = now_ns();
    for (int looked = 0; looked < stream_count && in_flight < in_flight_max; looked++, next = (next + 1) % stream_count)
      if (streams[next].state == WAITING && streams[next].due_ns <= now) start(&streams[next]);
    poll_streams(5);
  }
  printf("{\"opened\":%d,\"ms\":%.3f,\"refused\":%d,\"failed\":%d,\"firstBytes\":%lld}\n", open_count, (double)(now_ns() - started) / 1e6,
         refused_count, failed_count, (long long)first_bytes);
  fflush(stdout);
}

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

/* Returns the status of the answer, and when it came. */
static int read_answer(int fd, int64_t *answered_ns) {
  static char answer[4096];
  ssize_t got = recv(fd, answer, sizeof answer - 1, MSG_DONTWAIT);
  if (got <= 0) return 0;
  *answered_ns = now_ns();
  answer[got] = '\0';
  int status = atoi(answer + 9);
  if (status < 200 || status > 299) fprintf(stderr, "sse-load: fire was answered %.300s\n", answer);
  return status;
}

/* When it was heard by each `step`-th stream, from the stream `first` on. */
static void print_arrivals(int first, int step) {
  int64_t *took = calloc((size_t)stream_count + 1, sizeof *took);
  int n = 0;
  for (int i = first; i < stream_count; i += step)
    if (streams[i].arrived_ns != 0) took[n++] = streams[i].arrived_ns - fired_ns;
  qsort(took, (size_t)n, sizeof *took, by_value);
  const double share[] = {0, 0.5, 0.99, 1};
  const char *name[] = {"firstMs", "medianMs", "p99Ms", "lastMs"};
  printf("\"received\":%d", n);
  for (int i = 0; i < 4; i++) printf(",\"%s\":%.3f", name[i], n ? (double)took[(int)(share[i] * (n - 1))] / 1e6 : -1);
  free(took);
}

static void fire(const char *request, size_t length, int64_t timeout_ns) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, status = 0;
  if (fd < 0 || connect(fd, (struct sockaddr *)&servers[0], sizeof servers[0]) != 0) die("connect to fire");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  /* Let the server accept it before the clock starts. */
  int64_t settled = now_ns() + 50000000;
  while (now_ns() < settled) poll_streams(5);
  for (int i = 0; i < stream_count; i++) streams[i].arrived_ns = 0;
  received_count = 0;
  int64_t answered_ns = 0;
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e) != 0) die("epoll_ctl");
  fired_ns = now_ns();
  if (write(fd, request, length) != (ssize_t)length) die("write to fire");
  while ((received_count < open_count || status == 0) && now_ns() < fired_ns + timeout_ns) {
    poll_streams(20);
    if (status == 0) status = read_answer(fd, &answered_ns);
  }
  close(fd);
  double answered_ms = status == 0 ? -1 : (double)(answered_ns - fired_ns) / 1e6;
  printf("{\"open\":%d,\"answeredMs\":%.3f,\"status\":%d,", open_count, answered_ms, status);
  print_arrivals(0, 1);
  printf(",\"ports\":[");
  for (int port = 0; port < server_count; port++) {
    printf(port == 0 ? "{" : ",{");
    print_arrivals(port, server_count);
    printf("}");
  }
  printf("]}\n");
  fflush(stdout);
  fired_ns = 0;
}

/* Commands come seldom: stdin is looked at between polls, so that streams are read (heartbeats, pings) in the meantime. */
static void serve_commands(int64_t timeout_ns) {
  static char request[REQUEST_MAX];
  char line[64];
  fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
  size_t have = 0;
  for (;;) {
    ssize_t got = read(0, line + have, sizeof line - 1 - have > 1 ? 1 : 0);
    if (got == 0) return;
    if (got < 0) {
      poll_streams(5);
      continue;
    }
    if (line[have++] != '\n') {
      if (have >= sizeof line - 1) return;
      continue;
    }
    line[have] = '\0';
    have = 0;
    size_t length = 0, read_so_far = 0;
    if (sscanf(line, "fire %zu", &length) != 1 || length > sizeof request) return;
    while (read_so_far < length) {
      ssize_t more = read(0, request + read_so_far, length - read_so_far);
      if (more == 0) return;
      if (more > 0) read_so_far += (size_t)more;
    }
    fire(request, length, timeout_ns);
  }
}

int main(int argc, char **argv) {
  if (argc != 8) {
    fprintf(stderr, "usage: sse-load PORT[,PORT] STREAMS IN_FLIGHT TIMEOUT_S UNTIL MARKER REQUEST\n");
    return 2;
  }
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  stream_count = atoi(argv[2]);
  in_flight_max = atoi(argv[3]);
  int64_t timeout_ns = (int64_t)(atof(argv[4]) * 1e9);
  until = argv[5];
  marker = argv[6];
  request_template = argv[7];
  for (char *port = strtok(argv[1], ","); port != NULL && server_count < PORTS_MAX; port = strtok(NULL, ","))
    servers[server_count++] = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  streams = calloc((size_t)stream_count, sizeof *streams);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0 || streams == NULL) die("start");
  for (int i = 0; i < stream_count; i++) streams[i].fd = -1;
  srandom(1);
  open_all(timeout_ns);
  serve_commands(timeout_ns);
  return 0;
}
