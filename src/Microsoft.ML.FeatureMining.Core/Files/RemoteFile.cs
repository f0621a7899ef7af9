using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Microsoft.ML.FeatureMining.Files;

/// <summary>A file on a web server, read in parts (HTTP range requests).</summary>
/// <remarks>What fails for a moment (a broken connection, no answer, status 408, 429 and above 499) is tried again a few times.</remarks>
internal sealed class RemoteFile
{
    private const int MaxAttempts = 4;
    private const int MaxRedirects = 8;
    private const int FirstPauseMilliseconds = 200;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private static readonly HttpClient Http = new(
        new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(20),
            MaxAutomaticRedirections = MaxRedirects,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        }
    )
    {
        // Each attempt has its own limit, which covers the body too.
        Timeout = System.Threading.Timeout.InfiniteTimeSpan,
    };

    // By name and version. A path that names another address is not followed: paths may come from strangers, and addresses may have secrets in the query.
    private static readonly ConcurrentDictionary<string, RemoteFile> All = new(StringComparer.Ordinal);

    private readonly Uri _address;
    private readonly EntityTagHeaderValue? _tag;
    private readonly DateTimeOffset? _modified;

    private RemoteFile(Uri address, long length, EntityTagHeaderValue? tag, DateTimeOffset? modified)
    {
        (_address, Length, _tag, _modified) = (address, length, tag, modified);
        // Without a tag or a time, two files may differ in their query alone.
        string stamp = tag?.ToString() ?? modified?.ToString("O") ?? address.Query;
        (Name, Version) = (NameOf(address), TarMember.VersionOf(length, stamp));
    }

    /// <summary>The address without its query, which may have a signature.</summary>
    public string Name { get; }

    /// <summary>In bytes.</summary>
    public long Length { get; }

    /// <summary>Changes if the server gets another file.</summary>
    public string Version { get; }

    /// <summary>Whether a path is an address (http, https).</summary>
    public static bool IsAddress(string path) =>
        path.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || path.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>Asks the server for the length of a file and whether it can be read in parts.</summary>
    /// <exception cref="IOException">The file cannot be read; the message says why.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    public static RemoteFile Open(string address, CancellationToken token)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? parsed) || parsed.Host.Length == 0)
        {
            throw new IOException($"'{address}' is not an address.");
        }

        RemoteFile file = Retry(
            NameOf(parsed),
            limit =>
            {
                using HttpResponseMessage answer = Send(parsed, 0, 0, limit);
                // The only byte that was asked for does not exist: the file is empty.
                long? length = answer.Content.Headers.ContentRange?.Length;
                bool isEmpty = answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && length is null or 0;
                Check(answer, NameOf(parsed), isEmpty ? HttpStatusCode.RequestedRangeNotSatisfiable : HttpStatusCode.PartialContent);
                return new RemoteFile(
                    parsed,
                    isEmpty ? 0 : length ?? throw new IOException($"The server of '{NameOf(parsed)}' does not say how long the file is."),
                    answer.Headers.ETag,
                    answer.Content.Headers.LastModified
                );
            },
            token
        );
        All[Key(file.Name, file.Version)] = file;
        return file;
    }

    /// <summary>A file that this process has opened.</summary>
    /// <exception cref="IOException">It has not.</exception>
    public static RemoteFile Opened(string name, string version) =>
        All.TryGetValue(Key(name, version), out RemoteFile? file)
            ? file
            : throw new IOException($"'{name}' was not loaded in this process, or has changed since. Call LoadImageTars for it first.");

    /// <summary>Reads a part.</summary>
    /// <param name="offset">Its first byte.</param>
    /// <param name="bytes">Receives the part; the file must be that long.</param>
    /// <param name="token">Stops reading.</param>
    /// <exception cref="IOException">The part cannot be read, or the file has changed.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    public void Read(long offset, Memory<byte> bytes, CancellationToken token)
    {
        if (bytes.Length == 0)
        {
            return;
        }

        Retry(
            Name,
            limit =>
            {
                using HttpResponseMessage answer = Send(_address, offset, offset + bytes.Length - 1, limit);
                Check(answer, Name, HttpStatusCode.PartialContent);
                ContentRangeHeaderValue? range = answer.Content.Headers.ContentRange;
                if (
                    range?.Length != Length
                    || (_tag is not null && !_tag.Equals(answer.Headers.ETag))
                    || (_tag is null && _modified != answer.Content.Headers.LastModified)
                )
                {
                    throw new IOException($"'{Name}' has changed since it was loaded. Call LoadImageTars again.");
                }

                if (range.From != offset || range.To != offset + bytes.Length - 1)
                {
                    throw new IOException($"The server of '{Name}' sent another part of the file than it was asked for.");
                }

                // Asynchronous, because only such a read ends at the time limit.
                using Stream body = answer.Content.ReadAsStream(limit);
                body.ReadExactlyAsync(bytes, limit).AsTask().GetAwaiter().GetResult();
                return true;
            },
            token
        );
    }

    /// <summary>A stream over the file that reads large parts; it can seek.</summary>
    public Stream OpenStream(CancellationToken token) => new BufferedStream(new PartStream(this, token), PartStream.PartBytes);

    private static string NameOf(Uri address) => address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    private static string Key(string name, string version) => $"{name} {version}";

    private static HttpResponseMessage Send(Uri address, long from, long to, CancellationToken token)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, address);
        request.Headers.UserAgent.ParseAdd("MlNetFm");
        request.Headers.AcceptEncoding.ParseAdd("identity");
        request.Headers.Range = new RangeHeaderValue(from, to);
        return Http.Send(request, HttpCompletionOption.ResponseHeadersRead, token);
    }

    private static void Check(HttpResponseMessage answer, string name, HttpStatusCode wanted)
    {
        int status = (int)answer.StatusCode;
        if (status >= 500 || answer.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests)
        {
            throw new HttpRequestException(FormattableString.Invariant($"The server answered {status}."));
        }

        if (answer.StatusCode != wanted)
        {
            throw new IOException(
                answer.StatusCode switch
                {
                    HttpStatusCode.OK => $"The server of '{name}' does not support range requests, so a part of a file cannot be read. Download the file.",
                    HttpStatusCode.NotFound => $"The server has no file '{name}' (404).",
                    HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                        $"The server does not give access to '{name}' ({status}). Use a signed address, or download the file.",
                    _ => $"The server answered {status} for '{name}'.",
                }
            );
        }
    }

    private static T Retry<T>(string name, Func<CancellationToken, T> attempt, CancellationToken token)
    {
        for (int i = 1; ; i++)
        {
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(token);
            limit.CancelAfter(Timeout);
            try
            {
                return attempt(limit.Token);
            }
            catch (Exception e) when (!token.IsCancellationRequested && IsTransient(e))
            {
                if (i == MaxAttempts)
                {
                    throw new IOException(FormattableString.Invariant($"'{name}' cannot be read; {MaxAttempts} attempts failed. {ReasonOf(e)}"), e);
                }
            }

            token.WaitHandle.WaitOne(FirstPauseMilliseconds << (i - 1));
            token.ThrowIfCancellationRequested();
        }
    }

    // A body that is cut raises HttpIOException; EndOfStreamException, if the server says no length.
    private static bool IsTransient(Exception e) =>
        e is HttpRequestException or HttpIOException or EndOfStreamException or OperationCanceledException or IOException { InnerException: SocketException };

    private static string ReasonOf(Exception e) =>
        e is OperationCanceledException ? FormattableString.Invariant($"There was no answer for {Timeout.TotalSeconds} s.") : e.Message;

    // One request per read.
    private sealed class PartStream(RemoteFile file, CancellationToken token) : Stream
    {
        public const int PartBytes = 1 << 20;

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => file.Length;

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsMemory(offset, count));

        public override long Seek(long offset, SeekOrigin origin) =>
            Position =
                offset
                + origin switch
                {
                    SeekOrigin.Begin => 0,
                    SeekOrigin.Current => Position,
                    _ => Length,
                };

        public override void Flush() { }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private int Read(Memory<byte> bytes)
        {
            Memory<byte> part = bytes[..(int)Math.Clamp(Length - Position, 0, bytes.Length)];
            file.Read(Position, part, token);
            Position += part.Length;
            return part.Length;
        }
    }
}
