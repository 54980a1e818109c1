/* sqlite_remote.c - see sqlite_remote.h. */
#include "engine/store/sqlite/sqlite_remote.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#define MAGIC_FUSE 0x65735546UL
#define MOUNT_LINE_MAX 4096

static const struct {
    unsigned long magic;
    const char *name;
} remote[] = {
    {0x6969UL, "NFS"},        {0x517BUL, "SMB"},        {0xFF534D42UL, "CIFS"},
    {0xFE534D42UL, "SMB2"},   {0x01021997UL, "9P"},     {0x00C36400UL, "Ceph"},
    {0x0BD00BD0UL, "Lustre"}, {0x5346414FUL, "AFS"},    {0x6B414653UL, "AFS"},
    {0x73757245UL, "Coda"},   {0x564CUL, "NCP"},        {0x01161970UL, "GFS2"},
    {0x7461636FUL, "OCFS2"},  {0x19830326UL, "BeeGFS"}, {0x20030528UL, "OrangeFS"},
    {0x47504653UL, "GPFS"},
};

/* Of the FUSE file systems only these are known to be remote; a local one, as rootless
 * containers have it, is as good as what is below it. */
static const char *const remote_fuse[] = {
    "fuse.sshfs",   "fuse.glusterfs", "fuse.s3fs",    "fuse.rclone",
    "fuse.gcsfuse", "fuse.davfs2",    "fuse.davfs",   "fuse.curlftpfs",
    "fuse.ceph",    "fuse.ceph-fuse", "fuse.juicefs", "fuse.cephfs",
    "fuse.goofys",  "fuse.seaweedfs", "fuse.moosefs", "fuse.mfs",
};

const char *sqlite_remote_by_magic(unsigned long magic)
{
    for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++) {
        if (remote[i].magic == magic) {
            return remote[i].name;
        }
    }
    return NULL;
}

bool sqlite_remote_is_fuse_name(const char *type)
{
    for (size_t i = 0; i < sizeof(remote_fuse) / sizeof(remote_fuse[0]); i++) {
        if (strcmp(remote_fuse[i], type) == 0) {
            return true;
        }
    }
    return false;
}

/* A line of mountinfo is "36 35 98:0 /root /mount options … - type source options". */
static bool is_line_of(const char *line, unsigned major_number, unsigned minor_number,
                       char *type, size_t room)
{
    unsigned line_major;
    unsigned line_minor;
    const char *dash = strstr(line, " - ");
    size_t n;

    if (dash == NULL || sscanf(line, "%*u %*u %u:%u", &line_major, &line_minor) != 2 ||
        line_major != major_number || line_minor != minor_number) {
        return false;
    }
    dash += 3;
    n = strcspn(dash, " \n");
    if (n >= room) {
        n = room - 1;
    }
    memcpy(type, dash, n);
    type[n] = '\0';
    return true;
}

/* The name of the file system that device dev is; false if it cannot be found. */
static bool find_type(dev_t dev, char *type, size_t room)
{
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    char line[MOUNT_LINE_MAX];
    bool is_found = false;

    if (mounts == NULL) {
        return false;
    }
    while (!is_found && fgets(line, sizeof(line), mounts) != NULL) {
        is_found = is_line_of(line, major(dev), minor(dev), type, room);
    }
    (void)fclose(mounts); /* Only read. */
    return is_found;
}

enum err sqlite_remote_refuse(const char *folder, struct err_info *info)
{
    struct statfs fs;
    struct stat st;
    char type[64];
    const char *name;

    if (statfs(folder, &fs) != 0 || stat(folder, &st) != 0) {
        return err_set(info, ERR_INVALID, "look at %s: %s", folder, strerror(errno));
    }
    name = sqlite_remote_by_magic((unsigned long)fs.f_type & 0xFFFFFFFFUL);
    if (name == NULL && ((unsigned long)fs.f_type & 0xFFFFFFFFUL) == MAGIC_FUSE &&
        find_type(st.st_dev, type, sizeof(type)) && sqlite_remote_is_fuse_name(type)) {
        name = type;
    }
    if (name == NULL) {
        return ERR_OK;
    }
    return err_set(
        info, ERR_INVALID,
        "%s is on a network file system (%s), where SQLite's locks do not hold: "
        "use a local disk",
        folder, name);
}
