package dev.netfs.share;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.OpenIntent.Disposition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The part of {@link ShareContract} about opening files, reading and writing. */
public abstract class ShareIoContract extends ShareFixture {

  @ParameterizedTest
  @EnumSource(Disposition.class)
  void dispositions(Disposition disposition) throws Exception {
    byte[] old = bytes(100, 1);
    for (boolean truncate : new boolean[] {false, true}) {
      OpenIntent intent = new OpenIntent(true, true, disposition, truncate, -1);
      create("/existing", old);

      if (disposition == Disposition.CREATE_NEW) {
        assertFails(share.open("/existing", intent), FileAlreadyExistsException.class, "/existing");
        assertContent("/existing", old);
      } else {
        ShareFile file = open("/existing", intent);
        assertThat(file.openInfo().size()).isEqualTo(truncate ? 0 : 100);
        await(file.close());
        assertContent("/existing", truncate ? new byte[0] : old);
      }
      if (disposition == Disposition.OPEN_EXISTING) {
        assertFails(share.open("/missing", intent), NoSuchFileException.class, "/missing");
        assertThat(exists("/missing")).isFalse();
      } else {
        ShareFile file = open("/missing", intent);
        assertThat(file.openInfo().type()).isEqualTo(FileType.REGULAR);
        assertThat(file.openInfo().size()).isZero();
        await(file.close());
        assertContent("/missing", new byte[0]);
        await(share.deleteFile("/missing"));
      }
      await(share.deleteFile("/existing"));
    }
  }

  @Test
  void writeOnlyDispositions() throws Exception {
    ShareFile file = open("/f", new OpenIntent(false, true, Disposition.CREATE_NEW, false, -1));
    writeFully(file, bytes(10, 1), 0);
    await(file.close());
    file = open("/f", new OpenIntent(false, true, Disposition.OPEN_OR_CREATE, true, -1));
    writeFully(file, bytes(5, 2), 0);
    await(file.close());
    assertContent("/f", bytes(5, 2));
  }

  @Test
  void onlyOneOfManyCreatesTheFile() throws Exception {
    Share second = another();
    List<CompletionStage<ShareFile>> opens = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      opens.add((i % 2 == 0 ? share : second).open("/one", create()));
    }
    int winners = 0;
    for (CompletionStage<ShareFile> open : opens) {
      Throwable failure = outcome(open);
      if (failure == null) {
        winners++;
        await(await(open).close());
      } else {
        assertThat(failure).isExactlyInstanceOf(FileAlreadyExistsException.class);
      }
    }
    assertThat(winners).isOne();
  }

  @Test
  void createdFilesHaveTheMode() throws Exception {
    if (lacks(Feature.POSIX)) {
      return;
    }
    ShareFile file = open("/f", new OpenIntent(true, true, Disposition.CREATE_NEW, false, 0600));
    assertThat(file.openInfo().mode()).isEqualTo(0600);
    await(file.close());
    file = open("/g", new OpenIntent(true, true, Disposition.OPEN_OR_CREATE, false, 0640));
    await(file.close());
    assertThat(stat("/g").mode() & ~0640).as("bits that were not asked for").isZero();
    // The mode is for new files only.
    file = open("/f", new OpenIntent(true, true, Disposition.OPEN_OR_CREATE, true, 0644));
    await(file.close());
    assertThat(stat("/f").mode()).isEqualTo(0600);
  }

  @Test
  void directoriesDoNotOpenAsFiles() throws Exception {
    await(share.makeDirectory("/d", -1));
    assertFails(share.open("/d", OpenIntent.READ), IsDirectoryException.class, "/d");
    assertFails(share.open("/d", update()), IsDirectoryException.class, "/d");
    assertFails(
        share.open("/d", new OpenIntent(false, true, Disposition.OPEN_OR_CREATE, false, -1)),
        IsDirectoryException.class,
        "/d");
    assertFails(
        share.open("/d", new OpenIntent(true, true, Disposition.OPEN_EXISTING, true, -1)),
        IsDirectoryException.class,
        "/d");
    assertFails(share.open("/d", create()), FileAlreadyExistsException.class, "/d");
    assertFails(share.open("/", OpenIntent.READ), IsDirectoryException.class, "/");
  }

  @Test
  void filesAreNotMadeInDirectoriesThatAreNotThere() {
    assertFails(share.open("/no/f", create()), NoSuchFileException.class, "/no/f");
    assertFails(share.open("/no/f", OpenIntent.READ), NoSuchFileException.class, "/no/f");
  }

  @Test
  void openFollowsSymbolicLinks() throws Exception {
    if (lacks(Feature.SYMBOLIC_LINKS)) {
      return;
    }
    create("/f", bytes(10, 1));
    await(share.makeDirectory("/d", -1));
    await(share.symbolicLink("/to-f", "f"));
    await(share.symbolicLink("/to-d", "d"));
    await(share.symbolicLink("/dangling", "nowhere"));
    ShareFile file = open("/to-f", OpenIntent.READ);
    assertThat(file.openInfo().type()).isEqualTo(FileType.REGULAR);
    assertThat(file.openInfo().size()).isEqualTo(10);
    await(file.close());
    assertFails(share.open("/to-d", OpenIntent.READ), IsDirectoryException.class, "/to-d");
    assertFails(share.open("/dangling", OpenIntent.READ), NoSuchFileException.class, "/dangling");
    assertFails(share.open("/dangling", create()), FileAlreadyExistsException.class, "/dangling");
    assertFails(share.open("/to-f", create()), FileAlreadyExistsException.class, "/to-f");
  }

  // Reading.

  @Test
  void readsAnyRange() throws Exception {
    byte[] content = bytes(70_001, 3);
    create("/f", content);
    ShareFile file = open("/f", OpenIntent.READ);
    Random random = new Random(4);
    for (int i = 0; i < 50; i++) {
      int from = random.nextInt(content.length);
      int length = 1 + random.nextInt(content.length - from);
      assertThat(readFully(file, from, length))
          .as("%d bytes at %d", length, from)
          .isEqualTo(Arrays.copyOfRange(content, from, from + length));
    }
    assertThat(readFully(file, 0, content.length + 100)).isEqualTo(content);
    assertThat(readFully(file, 69_990, 1000))
        .isEqualTo(Arrays.copyOfRange(content, 69_990, 70_001));
    await(file.close());
  }

  @Test
  void scattersIntoOddSegmentsAndTouchesNothingElse() throws Exception {
    byte[] content = bytes(50_000, 5);
    create("/f", content);
    ShareFile file = open("/f", OpenIntent.READ);
    for (boolean direct : new boolean[] {false, true}) {
      Random random = new Random(6);
      for (int i = 0; i < 20; i++) {
        Scatter scatter = new Scatter(random, direct, 30_000);
        int offset = random.nextInt(40_000);
        ReadResult result = await(file.read(scatter.segments(), offset));
        assertThat(result.bytes()).isPositive().isLessThanOrEqualTo(scatter.length());
        int end = offset + (int) result.bytes();
        assertThat(scatter.content((int) result.bytes()))
            .isEqualTo(Arrays.copyOfRange(content, offset, end));
        scatter.assertGuardsUntouched();
        if (end < Math.min(content.length, offset + scatter.length())) {
          assertThat(result.endOfFile()).isFalse();
        }
      }
    }
    await(file.close());
  }

  @Test
  void readsOfReadOnlyPositionsInTheMiddleOfAList() throws Exception {
    byte[] content = bytes(1000, 7);
    create("/f", content);
    ShareFile file = open("/f", OpenIntent.READ);
    byte[] memory = new byte[100];
    IoSegments segments =
        IoSegments.of(List.of(ByteBuffer.wrap(memory, 0, 40), ByteBuffer.wrap(memory, 40, 60)));
    segments.advance(50); // a list that was filled in part before
    long done = await(file.read(segments, 200)).bytes();
    assertThat(Arrays.copyOfRange(memory, 50, 50 + (int) done))
        .isEqualTo(Arrays.copyOfRange(content, 200, 200 + (int) done));
    assertThat(Arrays.copyOf(memory, 50)).containsOnly(0);
    await(file.close());
  }

  @ParameterizedTest
  @ValueSource(longs = {10, 11, 4096, 1L << 33, 1L << 41})
  void atAndPastTheEndThereIsNothing(long offset) throws Exception {
    create("/f", bytes(10, 1));
    ShareFile file = open("/f", OpenIntent.READ);
    byte[] memory = new byte[32];
    ReadResult result = await(file.read(IoSegments.of(ByteBuffer.wrap(memory)), offset));
    assertThat(result.bytes()).isZero();
    assertThat(result.endOfFile()).isTrue();
    assertThat(memory).containsOnly(0);
    await(file.close());
  }

  @Test
  void emptyFilesAreAtTheirEnd() throws Exception {
    create("/f");
    ShareFile file = open("/f", OpenIntent.READ);
    ReadResult result = await(file.read(IoSegments.of(ByteBuffer.allocate(8)), 0));
    assertThat(result.bytes()).isZero();
    assertThat(result.endOfFile()).isTrue();
    await(file.close());
  }

  @Test
  void endOfFileIsClaimedOnlyAtTheEnd() throws Exception {
    int size = 9_000;
    create("/f", bytes(size, 8));
    ShareFile file = open("/f", OpenIntent.READ);
    for (int length : new int[] {1, 100, 8_999, 9_000, 9_001, 20_000}) {
      for (int offset : new int[] {0, 1, 8_000, 8_999}) {
        ReadResult result = await(file.read(IoSegments.of(ByteBuffer.allocate(length)), offset));
        boolean reached = offset + result.bytes() == size;
        assertThat(result.bytes()).isPositive();
        if (!reached) {
          assertThat(result.endOfFile()).as("%d bytes at %d", length, offset).isFalse();
        }
      }
    }
    await(file.close());
  }

  @Test
  void manyReadsOfOneHandleAtOnce() throws Exception {
    byte[] content = bytes(64 * 8_192 + 77, 9);
    create("/f", content);
    ShareFile file = open("/f", OpenIntent.READ);
    List<Scatter> scatters = new ArrayList<>();
    List<CompletionStage<ReadResult>> reads = new ArrayList<>();
    Random random = new Random(10);
    for (int i = 0; i < 64; i++) {
      Scatter scatter = new Scatter(random, i % 2 == 0, 8_192);
      scatters.add(scatter);
      reads.add(file.read(scatter.segments(), i * 8_192L + 5));
    }
    for (int i = 0; i < 64; i++) {
      int done = (int) await(reads.get(i)).bytes();
      assertThat(done).isPositive();
      int from = i * 8_192 + 5;
      assertThat(scatters.get(i).content(done))
          .as("read %d", i)
          .isEqualTo(Arrays.copyOfRange(content, from, from + done));
      scatters.get(i).assertGuardsUntouched();
    }
    await(file.close());
  }

  // Writing.

  @Test
  void manyWritesOfOneHandleAtOnce() throws Exception {
    int piece = 8_192;
    byte[] content = bytes(64 * piece, 11);
    ShareFile file = open("/f", create());
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      order.add(i);
    }
    java.util.Collections.shuffle(order, new Random(12));
    List<CompletionStage<WriteResult>> writes = new ArrayList<>();
    for (int i : order) {
      ByteBuffer part = ByteBuffer.wrap(content, i * piece, piece);
      writes.add(file.write(IoSegments.of(part), (long) i * piece));
    }
    for (int i = 0; i < writes.size(); i++) {
      int done = (int) await(writes.get(i)).bytes();
      assertThat(done).isBetween(1, piece);
      int from = order.get(i) * piece;
      writeFully(file, Arrays.copyOfRange(content, from + done, from + piece), from + done);
    }
    assertThat(await(file.stat()).size()).isEqualTo(content.length);
    await(file.close());
    assertContent("/f", content);
  }

  @Test
  void gathersFromOddSegments() throws Exception {
    byte[] expected = new byte[0];
    Random random = new Random(13);
    ShareFile file = open("/f", create());
    for (boolean direct : new boolean[] {false, true}) {
      for (int i = 0; i < 10; i++) {
        Scatter scatter = new Scatter(random, direct, 5_000);
        scatter.fill(random);
        byte[] content = scatter.content(scatter.length());
        int done = (int) await(file.write(scatter.segments(), expected.length)).bytes();
        assertThat(done).isBetween(1, content.length);
        assertThat(scatter.content(content.length)).as("the caller's memory").isEqualTo(content);
        int at = expected.length;
        expected = Arrays.copyOf(expected, at + done);
        System.arraycopy(content, 0, expected, at, done);
      }
    }
    await(file.close());
    assertContent("/f", expected);
  }

  @Test
  void overwritesInTheMiddle() throws Exception {
    byte[] content = bytes(10_000, 14);
    create("/f", content);
    ShareFile file = open("/f", update());
    byte[] patch = bytes(333, 15);
    writeFully(file, patch, 4_321);
    System.arraycopy(patch, 0, content, 4_321, 333);
    assertThat(readFully(file, 0, 20_000)).isEqualTo(content);
    await(file.close());
    assertContent("/f", content);
  }

  @Test
  void writesBeyondTheEndLeaveZeros() throws Exception {
    create("/f", bytes(10, 16));
    ShareFile file = open("/f", update());
    writeFully(file, bytes(5, 17), 20_000);
    byte[] expected = Arrays.copyOf(bytes(10, 16), 20_005);
    System.arraycopy(bytes(5, 17), 0, expected, 20_000, 5);
    assertThat(readFully(file, 0, 30_000)).isEqualTo(expected);
    assertThat(await(file.stat()).size()).isEqualTo(20_005);
    await(file.close());
    assertContent("/f", expected);
  }

  @Test
  void writesBeyondFourGigabytes() throws Exception {
    if (lacks(Feature.SPARSE)) {
      return;
    }
    long far = (5L << 30) + 3;
    ShareFile file = open("/f", create());
    writeFully(file, bytes(100, 18), far);
    assertThat(readFully(file, far, 200)).isEqualTo(bytes(100, 18));
    assertThat(readFully(file, (1L << 32) - 5, 10)).containsOnly(0).hasSize(10);
    assertThat(await(file.stat()).size()).isEqualTo(far + 100);
    await(file.close());
    assertThat(stat("/f").size()).isEqualTo(far + 100);
  }

  @Test
  void handlesDoOnlyWhatTheyWereOpenedFor() throws Exception {
    create("/f", bytes(10, 19));
    ShareFile writing =
        open("/f", new OpenIntent(false, true, Disposition.OPEN_EXISTING, false, -1));
    assertThat(outcome(writing.read(IoSegments.of(ByteBuffer.allocate(4)), 0)))
        .isInstanceOf(IOException.class);
    writeFully(writing, bytes(3, 20), 0);
    await(writing.close());
    ShareFile reading = open("/f", OpenIntent.READ);
    assertThat(outcome(reading.write(IoSegments.of(ByteBuffer.wrap(new byte[4])), 0)))
        .isInstanceOf(IOException.class);
    assertThat(outcome(reading.truncate(0))).isInstanceOf(IOException.class);
    await(reading.close());
    byte[] expected = bytes(10, 19);
    System.arraycopy(bytes(3, 20), 0, expected, 0, 3);
    assertContent("/f", expected);
  }

  @Test
  void largeFiles() throws Exception {
    byte[] content = bytes((5 << 20) + 3, 21);
    ShareFile file = open("/f", create());
    writeFully(file, content, 0);
    assertThat(readFully(file, 0, content.length + 1)).isEqualTo(content);
    await(file.close());
    assertContent("/f", content);
  }

  @Test
  void requestsLargerThanTheShareLikesStopShortAtMost() throws Exception {
    int size = 2 * Math.max(share.capabilities().rsize(), share.capabilities().wsize()) + 17;
    byte[] content = bytes(size, 22);
    ShareFile file = open("/f", create());
    int done = 0;
    while (done < size) {
      ByteBuffer rest = ByteBuffer.wrap(content, done, size - done);
      done += (int) await(file.write(IoSegments.of(rest), done)).bytes();
    }
    byte[] read = new byte[size];
    done = 0;
    while (done < size) {
      ByteBuffer rest = ByteBuffer.wrap(read, done, size - done);
      long count = await(file.read(IoSegments.of(rest), done)).bytes();
      assertThat(count).isPositive();
      done += (int) count;
    }
    assertThat(read).isEqualTo(content);
    await(file.close());
  }

  @Test
  void truncatesBothWays() throws Exception {
    byte[] content = bytes(10_000, 23);
    create("/f", content);
    ShareFile file = open("/f", update());
    await(file.truncate(3_000));
    assertThat(await(file.stat()).size()).isEqualTo(3_000);
    await(file.truncate(8_000));
    assertThat(await(file.stat()).size()).isEqualTo(8_000);
    byte[] expected = Arrays.copyOf(Arrays.copyOf(content, 3_000), 8_000);
    assertThat(readFully(file, 0, 9_000)).isEqualTo(expected);
    await(file.truncate(8_000));
    assertThat(await(file.stat()).size()).isEqualTo(8_000);
    await(file.truncate(0));
    await(file.truncate(1));
    await(file.close());
    assertContent("/f", new byte[1]);
  }

  @Test
  void openFilesKnowTheirAttributes() throws Exception {
    ShareFile file = open("/f", create());
    for (int size = 1_000; size <= 5_000; size += 1_000) {
      writeFully(file, bytes(1_000, size), size - 1_000);
      assertThat(await(file.stat()).size()).isEqualTo(size);
    }
    FileInfo own = await(file.stat());
    assertThat(own.type()).isEqualTo(FileType.REGULAR);
    await(file.close());
    FileInfo named = stat("/f");
    assertThat(own.fileKey()).isEqualTo(named.fileKey());
    assertThat(own.mode()).isEqualTo(named.mode());
  }

  @Test
  void openFilesOutliveTheirNames() throws Exception {
    create("/f", bytes(10, 24));
    create("/other", bytes(99, 25));
    ShareFile file = open("/f", update());
    if (has(Feature.STAT_AFTER_RENAME)) {
      await(share.rename("/f", "/renamed", false));
      writeFully(file, bytes(10, 26), 10);
      assertThat(await(file.stat()).size()).isEqualTo(20);
      assertThat(stat("/renamed").size()).isEqualTo(20);
      await(share.makeDirectory("/d", -1));
      await(share.rename("/renamed", "/d/renamed", false));
      await(share.rename("/d", "/e", false));
      if (has(Feature.POSIX)) {
        await(share.setAttributes("/e/renamed", AttributeChange.ofMode(0600), true));
        assertThat(await(file.stat()).mode()).isEqualTo(0600);
      }
      await(share.rename("/e/renamed", "/f", false));
    }
    if (has(Feature.USE_AFTER_DELETE)) {
      await(share.rename("/other", "/f", true)); // the name now means another object
      writeFully(file, bytes(10, 27), 20);
      assertThat(await(file.stat()).size()).isEqualTo(30);
      assertThat(readFully(file, 20, 50)).isEqualTo(bytes(10, 27));
      await(share.deleteFile("/f"));
      await(file.truncate(7));
      assertThat(await(file.stat()).size()).isEqualTo(7);
    }
    await(file.close());
  }

  @Test
  void syncs() throws Exception {
    ShareFile file = open("/f", create());
    await(file.sync(true));
    writeFully(file, bytes(100, 28), 0);
    await(file.sync(false));
    await(file.sync(true));
    if (serverRoot() != null) {
      assertThat(serverRoot().resolve("f")).hasBinaryContent(bytes(100, 28));
    }
    await(file.close());
  }

  @Test
  void handlesAndConnectionsSeeOneAnother() throws Exception {
    Share second = another();
    ShareFile writer = open("/f", create());
    ShareFile reader = await(second.open("/f", OpenIntent.READ));
    assertThat(readFully(reader, 0, 10)).isEmpty();
    writeFully(writer, bytes(1_000, 29), 0);
    assertThat(readFully(reader, 0, 2_000)).isEqualTo(bytes(1_000, 29));
    assertThat(await(second.stat("/f", true)).size()).isEqualTo(1_000);
    await(writer.close());
    await(reader.close());
  }
}
