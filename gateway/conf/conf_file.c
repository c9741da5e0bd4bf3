/*
 * conf_file.c: files and folders that the configuration names.
 *
 * Only regular files are ever opened: a name that leads to a pipe or a device
 * must not hang the gateway.
 */
#include "conf/conf_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ERR_TEXT 128

static void
report(struct conf_reader *r, const struct gw_where *at, const char *what,
    const char *path, int err)
{
	char text[ERR_TEXT] = "it cannot be read";

	if (err != 0)
		strerror_r(err, text, sizeof(text));
	CONF_ERROR(r, at, FILE, "%s \"%s\": %s", what, path, text);
}

bool
conf_file_check(struct conf_reader *r, const struct gw_where *at,
    const char *what, const char *path)
{
	struct stat st;

	if (path == NULL)
		return false;
	if (stat(path, &st) != 0) {
		report(r, at, what, path, errno);
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		CONF_ERROR(
		    r, at, FILE, "%s \"%s\" is not a regular file", what, path);
		return false;
	}
	if (access(path, R_OK) != 0) {
		report(r, at, what, path, errno);
		return false;
	}
	return true;
}

bool
conf_file_secret(struct conf_reader *r, const struct gw_where *at,
    const char *what, const char *path)
{
	struct stat st;

	if (!conf_file_check(r, at, what, path))
		return false;
	if (stat(path, &st) == 0 && (st.st_mode & 077) != 0)
		CONF_WARN(r, at, SECRET_MODE,
		    "%s \"%s\" has mode %04o, open to others than its owner",
		    what, path, (unsigned)(st.st_mode & 07777));
	return true;
}

bool
conf_file_folder(struct conf_reader *r, const struct gw_where *at,
    const char *what, const char *path)
{
	char text[ERR_TEXT] = "it cannot be read";
	DIR *dir;

	if (path == NULL)
		return false;
	if ((dir = opendir(path)) != NULL) {
		closedir(dir);
		return true;
	}
	strerror_r(errno, text, sizeof(text));
	CONF_ERROR(r, at, FOLDER, "%s \"%s\": %s", what, path, text);
	return false;
}

bool
conf_file_read(const char *path, struct gw_buf *out)
{
	uint8_t chunk[4096];
	struct stat st;
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		while (
		    (n = read(fd, chunk, sizeof(chunk))) > 0 && gw_buf_ok(out))
			gw_buf_add(out, (struct gw_span){ chunk, (size_t)n });
	}
	close(fd);
	return n == 0 && gw_buf_ok(out);
}
