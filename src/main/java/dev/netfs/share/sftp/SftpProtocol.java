package dev.netfs.share.sftp;

/**
 * The numbers of SFTP version 3: draft-ietf-secsh-filexfer-02, sections 3 (packet types), 5
 * (attribute flags), 6.3 (open flags) and 7 (status codes), and the names of OpenSSH's extensions
 * (its file {@code PROTOCOL}, section 4).
 */
final class SftpProtocol {
  /** The only version that OpenSSH and everybody else speaks. */
  static final int VERSION = 3;

  static final int INIT = 1;
  static final int VERSION_REPLY = 2;
  static final int OPEN = 3;
  static final int CLOSE = 4;
  static final int READ = 5;
  static final int WRITE = 6;
  static final int LSTAT = 7;
  static final int FSTAT = 8;
  static final int SETSTAT = 9;
  static final int FSETSTAT = 10;
  static final int OPENDIR = 11;
  static final int READDIR = 12;
  static final int REMOVE = 13;
  static final int MKDIR = 14;
  static final int RMDIR = 15;
  static final int REALPATH = 16;
  static final int STAT = 17;
  static final int RENAME = 18;
  static final int READLINK = 19;
  static final int SYMLINK = 20;
  static final int STATUS = 101;
  static final int HANDLE = 102;
  static final int DATA = 103;
  static final int NAME = 104;
  static final int ATTRS = 105;
  static final int EXTENDED = 200;
  static final int EXTENDED_REPLY = 201;

  static final int OPEN_READ = 0x01;
  static final int OPEN_WRITE = 0x02;
  static final int OPEN_CREATE = 0x08;
  static final int OPEN_TRUNCATE = 0x10;
  static final int OPEN_EXCLUSIVE = 0x20;

  static final int ATTR_SIZE = 0x01;
  static final int ATTR_IDS = 0x02;
  static final int ATTR_PERMISSIONS = 0x04;
  static final int ATTR_TIMES = 0x08;
  static final int ATTR_EXTENDED = 0x80000000;

  static final int OK = 0;
  static final int EOF = 1;
  static final int NO_SUCH_FILE = 2;
  static final int PERMISSION_DENIED = 3;
  static final int FAILURE = 4;
  static final int BAD_MESSAGE = 5;
  static final int NO_CONNECTION = 6;
  static final int CONNECTION_LOST = 7;
  static final int UNSUPPORTED = 8;

  // Later versions' codes, which some servers send to version 3 clients too.
  static final int NO_SUCH_PATH = 10;
  static final int ALREADY_EXISTS = 11;
  static final int WRITE_PROTECTED = 12;
  static final int NO_SPACE = 14;
  static final int QUOTA_EXCEEDED = 15;
  static final int DIRECTORY_NOT_EMPTY = 18;
  static final int NOT_A_DIRECTORY = 19;
  static final int INVALID_NAME = 20;
  static final int LINK_LOOP = 21;
  static final int IS_A_DIRECTORY = 24;

  static final String POSIX_RENAME = "posix-rename@openssh.com";
  static final String STATVFS = "statvfs@openssh.com";
  static final String HARDLINK = "hardlink@openssh.com";
  static final String FSYNC = "fsync@openssh.com";
  static final String LSETSTAT = "lsetstat@openssh.com";
  static final String LIMITS = "limits@openssh.com";
  static final String COPY_DATA = "copy-data";
  static final String USERS_GROUPS = "users-groups-by-id@openssh.com";

  private SftpProtocol() {}
}
