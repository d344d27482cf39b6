package dev.netfs.share.smb;

import java.util.Map;

/** The status codes (MS-ERREF 2.3) that mean something here. */
final class NtStatus {
  static final int SUCCESS = 0;
  static final int PENDING = 0x00000103;
  static final int NOTIFY_ENUM_DIR = 0x0000010C;
  static final int BUFFER_OVERFLOW = 0x80000005;
  static final int NO_MORE_FILES = 0x80000006;
  static final int STOPPED_ON_SYMLINK = 0x8000002D;
  static final int INVALID_INFO_CLASS = 0xC0000003;
  static final int INVALID_PARAMETER = 0xC000000D;
  static final int NO_SUCH_FILE = 0xC000000F;
  static final int INVALID_DEVICE_REQUEST = 0xC0000010;
  static final int END_OF_FILE = 0xC0000011;
  static final int MORE_PROCESSING_REQUIRED = 0xC0000016;
  static final int ACCESS_DENIED = 0xC0000022;
  static final int OBJECT_NAME_INVALID = 0xC0000033;
  static final int OBJECT_NAME_NOT_FOUND = 0xC0000034;
  static final int OBJECT_NAME_COLLISION = 0xC0000035;
  static final int OBJECT_PATH_INVALID = 0xC0000039;
  static final int OBJECT_PATH_NOT_FOUND = 0xC000003A;
  static final int OBJECT_PATH_SYNTAX_BAD = 0xC000003B;
  static final int SHARING_VIOLATION = 0xC0000043;
  static final int QUOTA_EXCEEDED = 0xC0000044;
  static final int FILE_LOCK_CONFLICT = 0xC0000054;
  static final int LOCK_NOT_GRANTED = 0xC0000055;
  static final int DELETE_PENDING = 0xC0000056;
  static final int INVALID_OWNER = 0xC000005A;
  static final int WRONG_PASSWORD = 0xC000006A;
  static final int LOGON_FAILURE = 0xC000006D;
  static final int ACCOUNT_RESTRICTION = 0xC000006E;
  static final int INVALID_LOGON_HOURS = 0xC000006F;
  static final int INVALID_WORKSTATION = 0xC0000070;
  static final int PASSWORD_EXPIRED = 0xC0000071;
  static final int ACCOUNT_DISABLED = 0xC0000072;
  static final int RANGE_NOT_LOCKED = 0xC000007E;
  static final int DISK_FULL = 0xC000007F;
  static final int ALLOTTED_SPACE_EXCEEDED = 0xC0000099;
  static final int INSUFFICIENT_RESOURCES = 0xC000009A;
  static final int MEDIA_WRITE_PROTECTED = 0xC00000A2;
  static final int FILE_IS_A_DIRECTORY = 0xC00000BA;
  static final int NOT_SUPPORTED = 0xC00000BB;
  static final int NETWORK_NAME_DELETED = 0xC00000C9;
  static final int BAD_NETWORK_NAME = 0xC00000CC;
  static final int REQUEST_NOT_ACCEPTED = 0xC00000D0;
  static final int NOT_SAME_DEVICE = 0xC00000D4;
  static final int DIRECTORY_NOT_EMPTY = 0xC0000101;
  static final int NOT_A_DIRECTORY = 0xC0000103;
  static final int NAME_TOO_LONG = 0xC0000106;
  static final int TOO_MANY_OPENED_FILES = 0xC000011F;
  static final int CANCELLED = 0xC0000120;
  static final int CANNOT_DELETE = 0xC0000121;
  static final int FILE_CLOSED = 0xC0000128;
  static final int LOGON_TYPE_NOT_GRANTED = 0xC000015B;
  static final int ACCOUNT_EXPIRED = 0xC0000193;
  static final int USER_SESSION_DELETED = 0xC0000203;
  static final int INSUFF_SERVER_RESOURCES = 0xC0000205;
  static final int PASSWORD_MUST_CHANGE = 0xC0000224;
  static final int NOT_FOUND = 0xC0000225;
  static final int ACCOUNT_LOCKED_OUT = 0xC0000234;
  static final int PATH_NOT_COVERED = 0xC0000257;
  static final int TOO_MANY_LINKS = 0xC0000265;
  static final int NETWORK_SESSION_EXPIRED = 0xC000035C;

  static final int DISK_QUOTA_EXCEEDED = 0xC0000802;
  static final int FILE_TOO_LARGE = 0xC0000904;

  private static final Map<Integer, String> NAMES = names();

  private NtStatus() {}

  /** Returns the code's name, as MS-ERREF has it, or its number in hexadecimal. */
  static String name(int status) {
    String name = NAMES.get(status);
    return name == null ? String.format("NTSTATUS 0x%08X", status) : "STATUS_" + name;
  }

  private static Map<Integer, String> names() {
    Map<Integer, String> names = new java.util.HashMap<>();
    for (java.lang.reflect.Field field : NtStatus.class.getDeclaredFields()) {
      if (field.getType() == int.class) {
        try {
          names.put(field.getInt(null), field.getName());
        } catch (IllegalAccessException e) {
          throw new AssertionError(e); // a constant of this very class
        }
      }
    }
    return Map.copyOf(names);
  }
}
