using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.FeatureMining.Tests.Models.Hub;

/// <summary>
/// Behaves like the Hugging Face Hub on the loopback: describes files in the headers of <c>/owner/model/resolve/main/file</c>, serves small ones itself, and
/// redirects to a second host for large ones. Can do so badly.
/// </summary>
internal sealed class HubServer : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly TcpListener _hub = new(IPAddress.Loopback, 0);
    private readonly TcpListener _storage = new(IPAddress.Loopback, 0);

    public HubServer()
    {
        _hub.Start();
        _storage.Start();
        _ = Task.Run(() => ServeAsync(_hub, AnswerOfHub));
        _ = Task.Run(() => ServeAsync(_storage, AnswerOfStorage));
    }

    public Uri Address => new(FormattableString.Invariant($"http://127.0.0.1:{((IPEndPoint)_hub.LocalEndpoint).Port}/"));

    /// <summary>The files of the model timm/tiny.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Each request: host, method, path, range and authorization.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>The storage sends so many bytes of an answer, then cuts the connection.</summary>
    public int? CutAfter { get; set; }

    public bool KnowsRanges { get; set; } = true;

    /// <summary>The token that the hub wants.</summary>
    public string? Token { get; set; }

    /// <summary>The status of every answer of the hub.</summary>
    public HttpStatusCode? Status { get; set; }

    /// <summary>Headers instead of the right ones.</summary>
    public Dictionary<string, string> Headers { get; } = [];

    public bool RedirectsInCircles { get; set; }

    private string StorageAddress => FormattableString.Invariant($"http://127.0.0.1:{((IPEndPoint)_storage.LocalEndpoint).Port}/");

    public void Dispose()
    {
        _hub.Dispose();
        _storage.Dispose();
    }

    private static async Task ServeAsync(TcpListener listener, Func<Request, byte[]> answer)
    {
        while (true)
        {
            try
            {
                using TcpClient client = await listener.AcceptTcpClientAsync();
                using NetworkStream stream = client.GetStream();
                await stream.WriteAsync(answer(await Request.ReadAsync(stream)));
            }
            catch (Exception e) when (e is IOException)
            {
                // The client has gone.
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private byte[] AnswerOfHub(Request request)
    {
        Log("hub", request);
        string file = request.Path.Split('/')[^1];
        if (Status is { } status)
        {
            return Answer((int)status, [], []);
        }

        if (Token is not null && request.Headers.GetValueOrDefault("authorization") != $"Bearer {Token}")
        {
            return Answer(401, [("X-Error-Code", "GatedRepo")], []);
        }

        if (RedirectsInCircles)
        {
            return Answer(307, [("Location", request.Path)], []);
        }

        if (!request.Path.StartsWith("/timm/tiny/resolve/main/", StringComparison.Ordinal))
        {
            return request.Path.StartsWith("/timm/renamed/", StringComparison.Ordinal)
                ? Answer(307, [("Location", request.Path.Replace("renamed", "tiny", StringComparison.Ordinal))], [])
                : Answer(404, [("X-Error-Code", "RepoNotFound")], []);
        }

        if (!Files.TryGetValue(file, out byte[]? content))
        {
            return Answer(404, [("X-Error-Code", "EntryNotFound")], []);
        }

        if (file.EndsWith(".json", StringComparison.Ordinal))
        {
            byte[] git = CryptographicOperations.HashData(
                HashAlgorithmName.SHA1,
                [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {content.Length}\0")), .. content]
            );
            (string, string)[] headers = [("X-Repo-Commit", Commit), ("ETag", $"\"{Convert.ToHexStringLower(git)}\"")];
            return Answer(200, headers, content, bodyless: request.Method == "HEAD");
        }

        Dictionary<string, string> large = new()
        {
            ["X-Repo-Commit"] = Commit,
            ["X-Linked-Etag"] = $"\"{Convert.ToHexStringLower(SHA256.HashData(content))}\"",
            ["X-Linked-Size"] = content.Length.ToString(CultureInfo.InvariantCulture),
            ["ETag"] = "\"of-the-redirect\"",
            ["Location"] = StorageAddress + file,
        };
        foreach ((string name, string value) in Headers)
        {
            large[name] = value;
        }

        return Answer(302, [.. large.Select(header => (header.Key, header.Value))], []);
    }

    private byte[] AnswerOfStorage(Request request)
    {
        Log("storage", request);
        byte[] content = Files[request.Path.Trim('/')];
        int from =
            KnowsRanges && request.Headers.TryGetValue("range", out string? range)
                ? int.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture)
                : 0;
        (string, string)[] headers = from > 0 ? [("Content-Range", FormattableString.Invariant($"bytes {from}-{content.Length - 1}/{content.Length}"))] : [];
        byte[] answer = Answer(from > 0 ? 206 : 200, headers, content[from..]);
        return CutAfter is { } bytes ? answer[..Math.Min(answer.Length, answer.Length - (content.Length - from) + bytes)] : answer;
    }

    private void Log(string host, Request request)
    {
        lock (Requests)
        {
            string range = request.Headers.TryGetValue("range", out string? part) ? $" {part}" : "";
            Requests.Add($"{host} {request.Method} {request.Path}{range}{(request.Headers.ContainsKey("authorization") ? " with token" : "")}");
        }
    }

    private static byte[] Answer(int status, IEnumerable<(string Name, string Value)> headers, byte[] content, bool bodyless = false)
    {
        string head = string.Concat(headers.Select(header => $"{header.Name}: {header.Value}\r\n"));
        return
        [
            .. Encoding.ASCII.GetBytes(
                FormattableString.Invariant($"HTTP/1.1 {status} Status\r\nContent-Length: {content.Length}\r\nConnection: close\r\n{head}\r\n")
            ),
            .. bodyless ? [] : content,
        ];
    }

    private sealed record Request(string Method, string Path, Dictionary<string, string> Headers)
    {
        public static async Task<Request> ReadAsync(Stream stream)
        {
            using StreamReader reader = new(stream, Encoding.ASCII, leaveOpen: true);
            string[] first = (await reader.ReadLineAsync() ?? throw new IOException("No request.")).Split(' ');
            Dictionary<string, string> headers = [];
            while (await reader.ReadLineAsync() is { Length: > 0 } line)
            {
                headers[line.Split(':')[0].ToLowerInvariant()] = line[(line.IndexOf(':') + 1)..].Trim();
            }

            return new Request(first[0], first[1], headers);
        }
    }
}
