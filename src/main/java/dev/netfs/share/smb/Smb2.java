package dev.netfs.share.smb;

/** Numbers of the protocol, by the names that MS-SMB2 and MS-FSCC give them. */
final class Smb2 {
  /** "\xFESMB" of a message, as a little-endian number. */
  static final int MAGIC = 0x424D53FE;

  /** "\xFDSMB" of an encrypted message. */
  static final int TRANSFORM_MAGIC = 0x424D53FD;

  /** "\xFFSMB" of SMB 1. */
  static final int SMB1_MAGIC = 0x424D53FF;

  static final int HEADER = 64;

  // Where the header's fields are (MS-SMB2 2.2.1).
  static final int AT_CREDIT_CHARGE = 6;
  static final int AT_STATUS = 8;
  static final int AT_COMMAND = 12;
  static final int AT_CREDITS = 14;
  static final int AT_FLAGS = 16;
  static final int AT_NEXT = 20;
  static final int AT_MESSAGE_ID = 24;
  static final int AT_ASYNC_ID = 32;
  static final int AT_TREE_ID = 36;
  static final int AT_SESSION_ID = 40;
  static final int AT_SIGNATURE = 48;

  // Commands.
  static final int NEGOTIATE = 0;
  static final int SESSION_SETUP = 1;
  static final int TREE_CONNECT = 3;
  static final int CREATE = 5;
  static final int CLOSE = 6;
  static final int FLUSH = 7;
  static final int READ = 8;
  static final int WRITE = 9;
  static final int LOCK = 10;
  static final int IOCTL = 11;
  static final int CANCEL = 12;
  static final int QUERY_DIRECTORY = 14;
  static final int CHANGE_NOTIFY = 15;
  static final int QUERY_INFO = 16;
  static final int SET_INFO = 17;
  static final int OPLOCK_BREAK = 18;

  // Header flags.
  static final int FLAG_RESPONSE = 1;
  static final int FLAG_ASYNC = 2;
  static final int FLAG_RELATED = 4;
  static final int FLAG_SIGNED = 8;

  // Dialects.
  static final int DIALECT_2_1 = 0x0210;
  static final int DIALECT_3_0 = 0x0300;
  static final int DIALECT_3_0_2 = 0x0302;
  static final int DIALECT_3_1_1 = 0x0311;

  // NEGOTIATE (2.2.3, 2.2.4).
  static final int SIGNING_ENABLED = 1;
  static final int SIGNING_REQUIRED = 2;
  static final int CAP_LEASING = 2;
  static final int CAP_LARGE_MTU = 4;
  static final int CAP_ENCRYPTION = 0x40;
  static final int CONTEXT_PREAUTH = 1;
  static final int CONTEXT_ENCRYPTION = 2;
  static final int CONTEXT_SIGNING = 8;
  static final int CIPHER_AES_128_CCM = 1;
  static final int CIPHER_AES_128_GCM = 2;
  static final int CIPHER_AES_256_GCM = 4;
  static final int SIGN_HMAC_SHA256 = 0;
  static final int SIGN_AES_CMAC = 1;
  static final int SIGN_AES_GMAC = 2;

  // SESSION_SETUP and TREE_CONNECT.
  static final int SESSION_GUEST = 1;
  static final int SESSION_NULL = 2;
  static final int SESSION_ENCRYPT = 4;
  static final int SHARE_ENCRYPT = 0x8000;
  static final int SHARE_DISK = 1;
  static final int SHARE_CAP_DFS = 0x8;

  /** Of a CREATE: a lease, which a create context says more of. */
  static final int OPLOCK_LEVEL_LEASE = 0xFF;

  // Access (MS-SMB2 2.2.13.1).
  static final int FILE_READ_DATA = 0x1;
  static final int FILE_WRITE_DATA = 0x2;
  static final int FILE_APPEND_DATA = 0x4;
  static final int FILE_READ_ATTRIBUTES = 0x80;
  static final int FILE_WRITE_ATTRIBUTES = 0x100;
  static final int DELETE = 0x10000;
  static final int READ_CONTROL = 0x20000;
  static final int WRITE_DAC = 0x40000;
  static final int WRITE_OWNER = 0x80000;
  static final int SYNCHRONIZE = 0x100000;

  /** Others may read, write and delete meanwhile. */
  static final int SHARE_ALL = 7;

  // Dispositions.
  static final int OPEN = 1;
  static final int CREATE_NEW = 2;
  static final int OPEN_IF = 3;

  // Create options.
  static final int DIRECTORY_FILE = 0x1;
  static final int NON_DIRECTORY_FILE = 0x40;
  static final int DELETE_ON_CLOSE = 0x1000;
  static final int OPEN_REPARSE_POINT = 0x200000;

  // File attributes (MS-FSCC 2.6).
  static final int ATTRIBUTE_READONLY = 0x1;
  static final int ATTRIBUTE_HIDDEN = 0x2;
  static final int ATTRIBUTE_SYSTEM = 0x4;
  static final int ATTRIBUTE_DIRECTORY = 0x10;
  static final int ATTRIBUTE_ARCHIVE = 0x20;
  static final int ATTRIBUTE_NORMAL = 0x80;

  // Kinds of information (MS-SMB2 2.2.37) and classes (MS-FSCC 2.4, 2.5).
  static final int INFO_FILE = 1;
  static final int INFO_FILESYSTEM = 2;
  static final int INFO_SECURITY = 3;
  static final int FILE_BASIC_INFORMATION = 4;
  static final int FILE_RENAME_INFORMATION = 10;
  static final int FILE_LINK_INFORMATION = 11;
  static final int FILE_DISPOSITION_INFORMATION = 13;
  static final int FILE_ALL_INFORMATION = 18;
  static final int FILE_END_OF_FILE_INFORMATION = 20;
  static final int FILE_ID_BOTH_DIRECTORY_INFORMATION = 37;
  static final int FS_FULL_SIZE_INFORMATION = 7;

  // Locks (2.2.26.1).
  static final int LOCK_SHARED = 1;
  static final int LOCK_EXCLUSIVE = 2;
  static final int LOCK_UNLOCK = 4;
  static final int LOCK_FAIL_IMMEDIATELY = 0x10;

  // Control codes (2.2.31).
  static final int FSCTL_DFS_GET_REFERRALS = 0x00060194;
  static final int FSCTL_PIPE_TRANSCEIVE = 0x0011C017;
  static final int FSCTL_SRV_REQUEST_RESUME_KEY = 0x00140078;
  static final int FSCTL_SRV_COPYCHUNK_WRITE = 0x001480F2;
  static final int FSCTL_VALIDATE_NEGOTIATE_INFO = 0x00140204;
  static final int FSCTL_SET_SPARSE = 0x000900C4;

  /** The FileId that stands for what an earlier request of the same compound opened. */
  static final byte[] RELATED_FILE = new byte[16];

  static {
    java.util.Arrays.fill(RELATED_FILE, (byte) 0xFF);
  }

  private Smb2() {}
}
