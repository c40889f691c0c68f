#include "mirror/git_transport.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace nachbau::mirror {
namespace {

using testing::HasSubstr;

template <typename Work>
std::string RefusalOf(const Work& work) {
  try {
    work();
    return "not refused";
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(GitTransportTest, KnowsTransports) {
  EXPECT_EQ(GitTransportOf("https://example.org/a.git"), GitTransport::kHttp);
  EXPECT_EQ(GitTransportOf("ssh://git@example.org:2222/a.git"), GitTransport::kSsh);
  EXPECT_EQ(GitTransportOf("git@example.org:a/b.git"), GitTransport::kSsh);
  EXPECT_EQ(GitTransportOf("git://example.org/a"), GitTransport::kGit);
  EXPECT_EQ(GitTransportOf("file:///srv/a.git"), GitTransport::kLocal);
  EXPECT_EQ(GitTransportOf("../a"), GitTransport::kLocal);
  for (const char* origin : {"ext::sh -c x", "ftp://example.org/a", "-a", "", "https://example.org/a\nb"}) {
    EXPECT_NE(RefusalOf([&] { GitTransportOf(origin); }), "not refused") << origin;
  }
  EXPECT_THAT(RefusalOf([] { GitTransportOf("https://a:secret@example.org/"); }),
              testing::AllOf(HasSubstr("a password in it"), testing::Not(HasSubstr("secret"))));
}

TEST(GitTransportTest, ResolvesUrlsOfSubmodules) {
  const struct {
    const char *origin, *url, *resolved;
  } cases[] = {
      {"https://example.org/a/b.git", "../c.git", "https://example.org/a/c.git"},
      {"https://example.org/a/b.git/", "../../c.git", "https://example.org/c.git"},
      {"https://example.org/a/b.git", "./c", "https://example.org/a/b.git/c"},
      {"git@example.org:a/b.git", "../c.git", "git@example.org:a/c.git"},
      {"git@example.org:b.git", "../c.git", "git@example.org:c.git"},
      {"/srv/git/b", "../c", "/srv/git/c"},
      {"https://example.org/b", "https://example.com/c/", "https://example.com/c"},
  };
  for (const auto& one : cases) EXPECT_EQ(ResolveGitUrl(one.origin, one.url), one.resolved) << one.origin << " " << one.url;
  EXPECT_THAT(RefusalOf([] { ResolveGitUrl("https://example.org/b", "../../c"); }), HasSubstr("leads above"));
  EXPECT_THAT(RefusalOf([] { ResolveGitUrl("https://example.org/b", "/etc"); }), HasSubstr("names files of this one"));
  EXPECT_THAT(RefusalOf([] { ResolveGitUrl("https://example.org/b", "file:///etc"); }), HasSubstr("names files of this one"));
}

}  // namespace
}  // namespace nachbau::mirror
