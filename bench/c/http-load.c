/*
 * Asks for the same thing over and over on keep-alive connections, one request at a time on each, and says how fast it was answered.
 *
 *   http-load PORT CONNECTIONS REQUESTS TIMEOUT_S REQUEST
 *
 * Prints {"answered":…,"ms":…,"status":…,"bodyBytes":…,"failed":…}: the status and the body's size are those of the last answer.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, BUFFER_BYTES = 1 << 17, HEAD_MAX = 4096 };

struct connection {
  int fd;
  /* Bytes of the body that are still to come; -1: the head has not come whole. */
  int64_t body_left;
  size_t head_length;
  char head[HEAD_MAX + 1];
};

static struct connection connections[CONNECTIONS_MAX];
static const char *request;
static size_t request_length;
static long asked, answered, asked_max, failed;
static int status;
static int64_t body_bytes;

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void ask(struct connection *c) {
  if (asked >= asked_max) return;
  asked++;
  c->body_left = -1;
  c->head_length = 0;
  if (write(c->fd, request, request_length) != (ssize_t)request_length) {
    fprintf(stderr, "http-load: write: %s\n", strerror(errno));
    exit(1);
  }
}

static void finish(struct connection *c) {
  answered++;
  ask(c);
}

/* Takes what was read into account: first the head, up to the empty line, then as much of a body as it announced. */
static void take(struct connection *c, const char *data, size_t length) {
  if (c->body_left < 0) {
    size_t room = HEAD_MAX - c->head_length, part = length < room ? length : room, before = c->head_length;
    memcpy(c->head + c->head_length, data, part);
    c->head_length += part;
    c->head[c->head_length] = '\0';
    char *end = strstr(c->head, "\r\n\r\n");
    if (end == NULL) {
      if (part == length && c->head_length < HEAD_MAX) return;
      fprintf(stderr, "http-load: an answer's head is longer than %d bytes\n", HEAD_MAX);
      exit(1);
    }
    status = atoi(c->head + 9);
    if (status != 200 && status != 304 && failed++ == 0) fprintf(stderr, "http-load: answered %.300s\n", c->head);
    char *announced = strcasestr(c->head, "\r\ncontent-length:");
    body_bytes = status == 304 || announced == NULL || announced > end ? 0 : atoll(announced + 17);
    c->body_left = body_bytes;
    size_t used = (size_t)(end + 4 - c->head) - before;
    data += used;
    length -= used;
  }
  c->body_left -= (int64_t)length;
  if (c->body_left <= 0) finish(c);
}

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  int count = atoi(argv[2]);
  asked_max = atol(argv[3]);
  double timeout_ms = atof(argv[4]) * 1e3;
  request = argv[5];
  request_length = strlen(request);
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int epoll_fd = epoll_create1(0), one = 1;
  if (count > CONNECTIONS_MAX) count = CONNECTIONS_MAX;
  for (int i = 0; i < count; i++) {
    struct connection *c = &connections[i];
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c->fd, (struct sockaddr *)&server, sizeof server) != 0) {
      perror("http-load: connect");
      return 1;
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &e);
  }
  double started = now_ms();
  for (int i = 0; i < count; i++) ask(&connections[i]);
  static struct epoll_event events[CONNECTIONS_MAX];
  static char buffer[BUFFER_BYTES];
  while (answered < asked_max && now_ms() - started < timeout_ms) {
    int ready = epoll_wait(epoll_fd, events, CONNECTIONS_MAX, 100);
    for (int i = 0; i < ready; i++) {
      struct connection *c = events[i].data.ptr;
      ssize_t got = recv(c->fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (got < 0 && errno == EAGAIN) continue;
      if (got <= 0) {
        fprintf(stderr, "http-load: the server closed a connection\n");
        return 1;
      }
      take(c, buffer, (size_t)got);
    }
  }
  printf("{\"answered\":%ld,\"ms\":%.3f,\"status\":%d,\"bodyBytes\":%lld,\"failed\":%ld}\n", answered, now_ms() - started, status, (long long)body_bytes, failed);
  return 0;
}
