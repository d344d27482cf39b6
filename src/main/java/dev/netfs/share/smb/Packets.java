package dev.netfs.share.smb;

import dev.netfs.share.IoSegments;

/**
 * Makes requests: the bodies of MS-SMB2 2.2, field by field.
 *
 * <p>A body whose structure size is odd ends with a variable part of at least one byte, as servers
 * insist for some of them.
 */
final class Packets {
  /** What a QUERY_INFO for file information may answer: the longest has the file's path in it. */
  private static final int INFO_BYTES = 16 * 1024;

  /** Where a body's variable part begins, from the header's first byte. */
  private static final int CREATE_BUFFER = Smb2.HEADER + 56;

  private static final int INFO_BUFFER = Smb2.HEADER + 32;
  private static final int QUERY_BUFFER = Smb2.HEADER + 40;
  private static final int WRITE_BUFFER = Smb2.HEADER + 48;
  private static final int IOCTL_BUFFER = Smb2.HEADER + 56;
  private static final int SETUP_BUFFER = Smb2.HEADER + 24;
  private static final int TREE_BUFFER = Smb2.HEADER + 8;

  static final byte[] NO_CONTEXT = {};

  private Packets() {}

  /**
   * @param previousSession the session that this one takes the place of, or 0
   */
  static Request sessionSetup(byte[] token, int securityMode, long previousSession) {
    PacketWriter body =
        new PacketWriter()
            .u16(25)
            .u8(0)
            .u8(securityMode)
            .u32(0)
            .u32(0)
            .u16(SETUP_BUFFER)
            .u16(token.length)
            .u64(previousSession)
            .bytes(token);
    Request request = Request.of(Smb2.SESSION_SETUP, body.toBytes(), 0);
    request.kept = true;
    return request;
  }

  /**
   * @param path {@code \\server\share}
   */
  static Request treeConnect(String path) {
    byte[] name = PacketWriter.utf16(path);
    PacketWriter body =
        new PacketWriter().u16(9).u16(0).u16(TREE_BUFFER).u16(name.length).bytes(name);
    return Request.of(Smb2.TREE_CONNECT, body.toBytes(), 0);
  }

  /**
   * Opens or creates.
   *
   * @param name the path from the share's root, with backslashes and without one at its beginning
   */
  static Request create(String name, int access, int disposition, int options) {
    return create(name, access, disposition, options, NO_CONTEXT);
  }

  /**
   * Opens or creates under a lease.
   *
   * @param lease the create context that says which, or nothing for none
   */
  static Request create(String name, int access, int disposition, int options, byte[] lease) {
    return create(name, access, disposition, options, lease, NO_CONTEXT);
  }

  /**
   * Opens or creates under a lease, with an access control list if it is created.
   *
   * @param lease the create context that says which lease, or nothing for none
   * @param security the create context that says which list, or nothing for the server's choice
   */
  static Request create(
      String name, int access, int disposition, int options, byte[] lease, byte[] security) {
    byte[] contexts = lease.length == 0 ? security : lease;
    if (lease.length > 0 && security.length > 0) {
      int next = lease.length + 7 & ~7;
      contexts = new PacketWriter().bytes(lease).align8().bytes(security).toBytes();
      contexts[0] = (byte) next;
    }
    byte[] path = PacketWriter.utf16(name);
    PacketWriter body =
        new PacketWriter()
            .u16(57)
            .u8(0)
            .u8(lease.length == 0 ? 0 : Smb2.OPLOCK_LEVEL_LEASE)
            .u32(2) // impersonation
            .u64(0)
            .u64(0)
            .u32(access)
            .u32((options & Smb2.DIRECTORY_FILE) == 0 ? Smb2.ATTRIBUTE_NORMAL : 0)
            .u32(Smb2.SHARE_ALL)
            .u32(disposition)
            .u32(options)
            .u16(CREATE_BUFFER)
            .u16(path.length)
            .u32(contexts.length == 0 ? 0 : CREATE_BUFFER + path.length + 7 & ~7)
            .u32(contexts.length)
            .bytes(path);
    if (contexts.length > 0) {
      body.align8().bytes(contexts);
    } else if (path.length == 0) {
      body.zeros(1);
    }
    return Request.of(Smb2.CREATE, body.toBytes(), 0);
  }

  /**
   * Returns a create context.
   *
   * @param name its name, of 4 bytes
   */
  static byte[] context(byte[] name, byte[] data) {
    return new PacketWriter()
        .u32(0) // the last context
        .u16(16)
        .u16(name.length)
        .u16(0)
        .u16(24)
        .u32(data.length)
        .bytes(name)
        .u32(0)
        .bytes(data)
        .toBytes();
  }

  static Request close(byte[] file) {
    return Request.of(
        Smb2.CLOSE, new PacketWriter().u16(24).u16(0).u32(0).bytes(file).toBytes(), 0);
  }

  static Request flush(byte[] file) {
    return Request.of(
        Smb2.FLUSH, new PacketWriter().u16(24).u16(0).u32(0).bytes(file).toBytes(), 0);
  }

  static Request read(byte[] file, long offset, int length, IoSegments sink) {
    PacketWriter body =
        new PacketWriter()
            .u16(49)
            .u8(Smb2.HEADER + 16)
            .u8(0)
            .u32(length)
            .u64(offset)
            .bytes(file)
            .u32(0)
            .u32(0)
            .u32(0)
            .u32(0)
            .u8(0);
    return Request.filling(Smb2.READ, body.toBytes(), sink, length);
  }

  static Request write(byte[] file, long offset, int length, IoSegments source) {
    PacketWriter body =
        new PacketWriter()
            .u16(49)
            .u16(WRITE_BUFFER)
            .u32(length)
            .u64(offset)
            .bytes(file)
            .u32(0)
            .u32(0)
            .u32(0)
            .u32(0);
    return Request.sending(Smb2.WRITE, body.toBytes(), source, length);
  }

  static Request lock(byte[] file, long offset, long length, int flags) {
    PacketWriter body =
        new PacketWriter()
            .u16(48)
            .u16(1)
            .u32(0)
            .bytes(file)
            .u64(offset)
            .u64(length)
            .u32(flags)
            .u32(0);
    return Request.of(Smb2.LOCK, body.toBytes(), 0);
  }

  /** Asks for everything about a file. */
  static Request queryAll(byte[] file) {
    return query(Smb2.INFO_FILE, Smb2.FILE_ALL_INFORMATION, 0, file, INFO_BYTES);
  }

  /**
   * @param additional of a security descriptor, which parts
   */
  static Request query(int kind, int informationClass, int additional, byte[] file, int bytes) {
    PacketWriter body =
        new PacketWriter()
            .u16(41)
            .u8(kind)
            .u8(informationClass)
            .u32(bytes)
            .u16(0) // no input
            .u16(0)
            .u32(0)
            .u32(additional)
            .u32(0)
            .bytes(file)
            .u8(0);
    return Request.of(Smb2.QUERY_INFO, body.toBytes(), bytes);
  }

  static Request set(int informationClass, byte[] file, byte[] information) {
    return set(Smb2.INFO_FILE, informationClass, 0, file, information);
  }

  static Request set(
      int kind, int informationClass, int additional, byte[] file, byte[] information) {
    PacketWriter body =
        new PacketWriter()
            .u16(33)
            .u8(kind)
            .u8(informationClass)
            .u32(information.length)
            .u16(INFO_BUFFER)
            .u16(0)
            .u32(additional)
            .bytes(file)
            .bytes(information);
    return Request.of(Smb2.SET_INFO, body.toBytes(), 0);
  }

  /** Asks for what comes next in a directory. */
  static Request list(byte[] directory, int bytes) {
    byte[] pattern = PacketWriter.utf16("*");
    PacketWriter body =
        new PacketWriter()
            .u16(33)
            .u8(Smb2.FILE_ID_BOTH_DIRECTORY_INFORMATION)
            .u8(0)
            .u32(0)
            .bytes(directory)
            .u16(INFO_BUFFER)
            .u16(pattern.length)
            .u32(bytes)
            .bytes(pattern);
    return Request.of(Smb2.QUERY_DIRECTORY, body.toBytes(), bytes);
  }

  /** Asks to be told when something happens in a directory. */
  static Request notifyOfChanges(byte[] directory, int bytes, int filter) {
    PacketWriter body =
        new PacketWriter()
            .u16(32)
            .u16(0) // not what is further below
            .u32(bytes)
            .bytes(directory)
            .u32(filter)
            .u32(0);
    return Request.of(Smb2.CHANGE_NOTIFY, body.toBytes(), bytes);
  }

  static Request control(int code, byte[] file, byte[] input, int outputBytes) {
    PacketWriter body =
        new PacketWriter()
            .u16(57)
            .u16(0)
            .u32(code)
            .bytes(file)
            .u32(IOCTL_BUFFER)
            .u32(input.length)
            .u32(0)
            .u32(0)
            .u32(0)
            .u32(outputBytes)
            .u32(1) // a file system control
            .u32(0)
            .bytes(input);
    if (input.length == 0) {
      body.u8(0);
    }
    return Request.of(Smb2.IOCTL, body.toBytes(), Math.max(input.length, outputBytes));
  }

  /** Says that a file may have holes, which take no room. */
  static Request setSparse(byte[] file) {
    return control(Smb2.FSCTL_SET_SPARSE, file, new byte[0], 0);
  }

  /** Returns the output of an IOCTL's answer. */
  static java.nio.ByteBuffer controlOutput(Response answer) {
    return answer.buffer(answer.i32(32), answer.i32(36));
  }

  /** Returns the file that a CREATE's answer names. */
  static byte[] fileOf(Response created) {
    return created.bytes(64, 16);
  }
}
