#include "engines/server/endpoint.h"

#include <gtest/gtest.h>

#include <string>

#include "engines/error.h"
#include "engines/server/program.h"

namespace dictbench {
namespace {

TEST(Endpoint, ReadsWhatItWrites) {
  for (const char* text : {"/run/redis/redis.sock", "localhost:6379", "[::1]:11211", "127.0.0.1:1"})
    EXPECT_EQ(Endpoint::parse(text).text(), text);
  EXPECT_TRUE(Endpoint::parse("/run/x").is_unix());
  EXPECT_EQ(Endpoint::parse("[::1]:11211").host, "::1");
}

TEST(Endpoint, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "redis", "redis:", ":6379", "redis:0", "redis:65536", "redis:63x"})
    EXPECT_THROW(Endpoint::parse(text), Error) << text;
}

TEST(Endpoint, RefusesAPathThatASocketCannotHave) {
  EXPECT_NO_THROW(Endpoint::parse("/" + std::string(106, 'x')));
  EXPECT_THROW(Endpoint::parse("/" + std::string(107, 'x')), Error);
}

TEST(Endpoint, FreePortsCanBeListenedOn) { EXPECT_NE(free_loopback_port(), 0); }

TEST(Program, IsFoundOrNot) {
  EXPECT_EQ(find_program({"no-such-program-here", "sh"}).value_or("").substr(0, 1), "/");
  EXPECT_FALSE(find_program({"no-such-program-here"}));
}

TEST(Program, WithoutVersionHasAnEmptyOne) { EXPECT_EQ(program_version_line("/nonexistent/it's"), ""); }

}  // namespace
}  // namespace dictbench
