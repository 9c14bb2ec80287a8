// Client: a raw TCP or unix connection for the server's tests, so that they can be rude.

#pragma once

#include <string>
#include <string_view>

namespace paws::exporter::testing {

class Client {
public:
    // As Server::addresses() has it: "127.0.0.1:1234", "[::1]:1234", "unix:/path".
    explicit Client(const std::string& address);
    Client(Client&& other) noexcept;
    Client& operator=(Client&& other) noexcept;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client();

    void send(std::string_view bytes) const;
    // One whole answer by its Content-Length, or what came before the server hung up.
    std::string receive(bool head = false);
    bool closed() const;  // waits for the server to hang up

private:
    bool more();

    int socket_ = -1;
    std::string buffer_;
};

// GET `path` on a connection of its own; the answer with its headers.
std::string fetch(const std::string& address,
                  const std::string& path,
                  const std::string& headers = "");

int status_of(std::string_view answer);
std::string_view body_of(std::string_view answer);

}  // namespace paws::exporter::testing
