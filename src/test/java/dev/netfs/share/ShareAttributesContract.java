package dev.netfs.share;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.NoSuchFileException;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The part of {@link ShareContract} about attributes. */
public abstract class ShareAttributesContract extends ShareNamesContract {
  private static final FileTime T1 = FileTime.from(Instant.parse("2001-02-03T04:05:06Z"));
  private static final FileTime T2 = FileTime.from(Instant.parse("2011-12-13T14:15:16Z"));

  @Test
  void statSaysWhatThereIs() throws Exception {
    Duration slack = share.capabilities().timestampGranularity().plusSeconds(5);
    Instant before = Instant.now().minus(slack);
    create("/f", bytes(1_234, 1));
    await(share.makeDirectory("/d", -1));
    FileInfo file = stat("/f");
    assertThat(file.type()).isEqualTo(FileType.REGULAR);
    assertThat(file.size()).isEqualTo(1_234);
    assertThat(file.modified().toInstant()).isBetween(before, Instant.now().plus(slack));
    assertThat(stat("/d").type()).isEqualTo(FileType.DIRECTORY);
    assertThat(stat("/").type()).isEqualTo(FileType.DIRECTORY);
    assertThat(await(share.stat("/f", true))).isEqualTo(file);
    assertFails(share.stat("/no", true), NoSuchFileException.class, "/no");
    assertFails(share.stat("/no", false), NoSuchFileException.class, "/no");
    assertFails(share.stat("/no/x", false), NoSuchFileException.class, "/no/x");
    if (has(Feature.POSIX)) {
      assertThat(file.mode()).isBetween(0, 07777);
      assertThat(share.capabilities().attributeViews()).contains("posix");
    }
    if (has(Feature.OWNER_NUMBERS)) {
      assertThat(file.uid()).isNotNegative();
      assertThat(file.gid()).isNotNegative();
    }
    if (has(Feature.FILE_KEYS)) {
      assertThat(file.fileKey()).isNotNull().isNotEqualTo(stat("/d").fileKey());
    }
  }

  @Test
  void versionsChangeWithTheContent() throws Exception {
    create("/f", bytes(10, 1));
    String first = stat("/f").version();
    assertThat(stat("/f").version()).isEqualTo(first);
    ShareFile file = open("/f", update());
    writeFully(file, bytes(10, 2), 0);
    await(file.close());
    if (first != null) {
      assertThat(stat("/f").version()).isNotNull().isNotEqualTo(first);
    }
  }

  @Test
  void setsModes() throws Exception {
    if (lacks(Feature.POSIX)) {
      return;
    }
    create("/f");
    await(share.makeDirectory("/d", -1));
    for (int mode : new int[] {0600, 0644, 0755, 0700}) {
      await(share.setAttributes("/f", AttributeChange.ofMode(mode), true));
      assertThat(stat("/f").mode()).isEqualTo(mode);
    }
    await(share.setAttributes("/d", AttributeChange.ofMode(0711), true));
    assertThat(stat("/d").mode()).isEqualTo(0711);
    if (has(Feature.SYMBOLIC_LINKS)) {
      await(share.symbolicLink("/l", "f"));
      int own = stat("/l").mode();
      await(share.setAttributes("/l", AttributeChange.ofMode(0640), true));
      assertThat(stat("/f").mode()).isEqualTo(0640);
      assertThat(stat("/l").mode()).isEqualTo(own);
      // Most systems have no modes of links: then it must be refused, and the file left alone.
      Throwable failure = outcome(share.setAttributes("/l", AttributeChange.ofMode(0600), false));
      assertThat(stat("/f").mode()).isEqualTo(0640);
      if (failure == null) {
        assertThat(stat("/l").mode()).isEqualTo(0600);
      } else {
        assertThat(failure).isInstanceOf(UnsupportedOperationException.class);
      }
    }
    assertFails(
        share.setAttributes("/no", AttributeChange.ofMode(0600), true),
        NoSuchFileException.class,
        "/no");
  }

  @Test
  void setsTimes() throws Exception {
    if (!has(Feature.SET_TIMES)) {
      create("/f");
      assertThat(outcome(share.setAttributes("/f", AttributeChange.ofTimes(T1, T2, null), true)))
          .isInstanceOf(UnsupportedOperationException.class);
      return;
    }
    create("/f", bytes(10, 1));
    await(share.makeDirectory("/d", -1));
    for (String path : List.of("/f", "/d")) {
      await(share.setAttributes(path, AttributeChange.ofTimes(T1, T2, null), true));
      assertThat(stat(path).modified()).isEqualTo(T1);
      assertThat(stat(path).accessed()).isEqualTo(T2);
      // One time alone leaves the other as it is.
      await(share.setAttributes(path, AttributeChange.ofTimes(T2, null, null), true));
      assertThat(stat(path).modified()).isEqualTo(T2);
      assertThat(stat(path).accessed()).isEqualTo(T2);
      await(share.setAttributes(path, AttributeChange.ofTimes(null, T1, null), true));
      assertThat(stat(path).modified()).isEqualTo(T2);
      assertThat(stat(path).accessed()).isEqualTo(T1);
    }
    assertThat(stat("/f").size()).isEqualTo(10);
    assertFails(
        share.setAttributes("/no", AttributeChange.ofTimes(T1, null, null), true),
        NoSuchFileException.class,
        "/no");
  }

  @Test
  void setsTimesOfLinks() throws Exception {
    if (lacks(Feature.SYMBOLIC_LINKS)) {
      return;
    }
    if (lacks(Feature.SET_TIMES)) {
      return;
    }
    create("/f", bytes(10, 1));
    await(share.symbolicLink("/l", "f"));
    await(share.setAttributes("/l", AttributeChange.ofTimes(T1, T1, null), true));
    assertThat(stat("/f").modified()).isEqualTo(T1);
    assertThat(stat("/l").modified()).isNotEqualTo(T1);
    Throwable failure =
        outcome(share.setAttributes("/l", AttributeChange.ofTimes(T2, T2, null), false));
    assertThat(stat("/f").modified()).isEqualTo(T1);
    if (has(Feature.SET_LINK_TIMES)) {
      assertThat(failure).isNull();
      assertThat(stat("/l").modified()).isEqualTo(T2);
    } else {
      assertThat(failure).isInstanceOf(UnsupportedOperationException.class);
    }
  }

  @Test
  void setsOwners() throws Exception {
    create("/f");
    FileInfo info = stat("/f");
    if (has(Feature.OWNER_NUMBERS)) {
      // To what they are: anything else is for administrators.
      await(share.setAttributes("/f", AttributeChange.ofOwner(info.uid(), info.gid()), true));
      await(share.setAttributes("/f", AttributeChange.ofOwner(-1, info.gid()), true));
      assertThat(stat("/f").uid()).isEqualTo(info.uid());
      assertThat(stat("/f").gid()).isEqualTo(info.gid());
    } else {
      assertThat(outcome(share.setAttributes("/f", AttributeChange.ofOwner(1, 1), true)))
          .isInstanceOf(UnsupportedOperationException.class);
    }
    if (info.owner() != null) {
      assertThat(info.owner()).isNotEmpty();
      await(share.setAttributes("/f", AttributeChange.ofOwner(info.owner(), info.group()), true));
      assertThat(stat("/f").owner()).isEqualTo(info.owner());
      assertThat(stat("/f").group()).isEqualTo(info.group());
    }
  }

  @Test
  void changesOfNothingAndOfSeveralThings() throws Exception {
    create("/f", bytes(10, 1));
    await(share.setAttributes("/f", AttributeChange.NONE, true));
    if (has(Feature.POSIX) && has(Feature.SET_TIMES)) {
      await(
          share.setAttributes(
              "/f", new AttributeChange(0600, -1, -1, null, null, T1, T2, null), true));
      assertThat(stat("/f").mode()).isEqualTo(0600);
      assertThat(stat("/f").modified()).isEqualTo(T1);
      assertThat(stat("/f").accessed()).isEqualTo(T2);
    }
  }

  @Test
  void creationTimesAreSetOrRefused() throws Exception {
    create("/f", bytes(10, 1));
    FileInfo before = stat("/f");
    Throwable failure =
        outcome(share.setAttributes("/f", AttributeChange.ofTimes(null, null, T1), true));
    if (failure == null) {
      assertThat(stat("/f").created()).isEqualTo(T1);
    } else {
      assertThat(failure).isInstanceOf(UnsupportedOperationException.class);
      assertThat(stat("/f")).isEqualTo(before);
    }
  }

  @Test
  void tellsHowFullTheStoreIs() throws Exception {
    if (!has(Feature.SPACE)) {
      assertThat(outcome(share.space("/"))).isInstanceOf(UnsupportedOperationException.class);
      return;
    }
    create("/f");
    for (String path : List.of("/", "/f")) {
      SpaceInfo space = await(share.space(path));
      assertThat(space.total()).isPositive();
      assertThat(space.free()).isBetween(0L, space.total());
      assertThat(space.usable()).isBetween(0L, space.free());
      assertThat(space.blockSize()).isPositive();
      assertThat(space.readOnly()).isFalse();
    }
    assertFails(share.space("/no"), NoSuchFileException.class, "/no");
  }
}
