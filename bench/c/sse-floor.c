/*
 * The physical floor of a Server-Sent Events fan-out: one epoll loop that parses next to nothing. A GET becomes a stream and is
 * given FIRST_BYTES of a first event at once; a POST writes one event of EVENT_BYTES to every stream, then answers.
 *
 *   sse-floor PORT EVENT_BYTES FIRST_BYTES
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STREAMS_MAX = 65536, EVENTS_MAX = 1024 };

static const char HEADERS[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n\r\n";
static const char ANSWER[] = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

static int fds[STREAMS_MAX], fd_count;

static char *event_of(const char *name, size_t size, size_t *length) {
  char *event = malloc(size + 64);
  int head = sprintf(event, "event: %s\ndata: ", name);
  size_t fill = size > (size_t)head + 2 ? size - (size_t)head - 2 : 0;
  memset(event + head, 'x', fill);
  memcpy(event + head + fill, "\n\n", 2);
  *length = (size_t)head + fill + 2;
  return event;
}

static void write_all(int fd, const char *data, size_t length) {
  /* Loopback buffers hold what is sent here; a stream that takes nothing any more is left alone. */
  while (length > 0) {
    ssize_t put = write(fd, data, length);
    if (put < 0 && errno == EAGAIN) usleep(100);
    else if (put <= 0) return;
    else data += put, length -= (size_t)put;
  }
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  size_t event_length, first_length = 0;
  char *event = event_of("delta", (size_t)atol(argv[2]), &event_length);
  char *first = atol(argv[3]) > 0 ? event_of("snapshot", (size_t)atol(argv[3]), &first_length) : NULL;

  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 16384) != 0) {
    perror("sse-floor: listen");
    return 1;
  }
  int epoll_fd = epoll_create1(0);
  struct epoll_event e = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &e);
  static struct epoll_event events[EVENTS_MAX];
  static char buffer[16384];
  for (;;) {
    int ready = epoll_wait(epoll_fd, events, EVENTS_MAX, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        int accepted;
        while ((accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
          setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
          e = (struct epoll_event){.events = EPOLLIN, .data.fd = accepted};
          epoll_ctl(epoll_fd, EPOLL_CTL_ADD, accepted, &e);
        }
        continue;
      }
      ssize_t got = read(fd, buffer, sizeof buffer);
      if (got <= 0) {
        if (got < 0 && errno == EAGAIN) continue;
        for (int j = 0; j < fd_count; j++)
          if (fds[j] == fd) fds[j--] = fds[--fd_count];
        close(fd);
      } else if (buffer[0] == 'P') {
        for (int j = 0; j < fd_count; j++) write_all(fds[j], event, event_length);
        write_all(fd, ANSWER, sizeof ANSWER - 1);
      } else if (fd_count < STREAMS_MAX) {
        fds[fd_count++] = fd;
        write_all(fd, HEADERS, sizeof HEADERS - 1);
        if (first_length > 0) write_all(fd, first, first_length);
      }
    }
  }
}
