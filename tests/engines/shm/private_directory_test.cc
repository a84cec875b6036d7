#include "engines/shm/private_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>

#include "engines/shm/process_identity.h"
#include "tests/engines/error_code.h"
#include "tests/engines/shm/child_process.h"

namespace dictbench {
namespace {

TEST(PrivateDirectory, IsPrivateNamedAfterItsOwnerAndGoesWithTheObject) {
  std::filesystem::path path;
  {
    const PrivateDirectory directory;
    const PrivateDirectory second;
    path = directory.path();
    EXPECT_NE(path, second.path());
    EXPECT_TRUE(path.filename().string().starts_with(own_name_prefix() + ProcessIdentity::self().text() + "."));
    struct stat info {};
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    std::filesystem::create_directory(path / "below");
    std::ofstream(path / "below" / "file") << "content";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(PrivateDirectory, StaysWhenAForkedChildDropsIt) {
  auto directory = std::make_unique<PrivateDirectory>();
  ChildProcess child([&] { directory.reset(); });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_TRUE(std::filesystem::exists(directory->path()));
}

TEST(PrivateDirectory, SaysWhenItCannotBeMade) {
  EXPECT_EQ(error_code_of([] { PrivateDirectory("/nonexistent/folder"); }), ErrorCode::unavailable);
}

TEST(PrivateDirectory, CountsItsBytes) {
  const PrivateDirectory directory;
  EXPECT_EQ(folder_bytes(directory.path()).length, 0u);
  std::ofstream(directory.path() / "file") << std::string(10'000, 'x');
  std::filesystem::create_directory(directory.path() / "below");
  std::ofstream(directory.path() / "below" / "sparse") << "x";
  std::filesystem::resize_file(directory.path() / "below" / "sparse", 1 << 20);
  const FolderBytes bytes = folder_bytes(directory.path());
  EXPECT_EQ(bytes.length, 10'000u + (1u << 20));
  EXPECT_LT(bytes.in_use, 1u << 20);
}

TEST(FilesystemName, NamesWhatItKnowsAndGivesTheMagicOfTheRest) {
  EXPECT_EQ(filesystem_name("/dev/shm"), "tmpfs");
  EXPECT_EQ(filesystem_name("/proc"), "0x00009fa0");
  EXPECT_EQ(filesystem_name("/nonexistent/folder"), "unknown: No such file or directory");
  const PrivateDirectory directory;
  EXPECT_EQ(filesystem_name(directory.path()), filesystem_name(directory.path().parent_path()));
}

}  // namespace
}  // namespace dictbench
