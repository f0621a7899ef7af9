using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.FeatureMining.Models.Hub;

/// <summary>
/// Downloads files of a model from the Hugging Face Hub to its cache: resumes after a cut connection and in the next process, follows redirects, and compares
/// the checksum.
/// </summary>
internal sealed class HubClient : IDisposable
{
    private const long MaxFileBytes = 1L << 34;
    private const int MaxRedirects = 8;
    private const int MaxAttempts = 5;
    private const int BufferBytes = 1 << 17;
    private const int Sha256Digits = 64;
    private const int Sha1Digits = 40;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private readonly HubName _name;
    private readonly HubCache _cache;
    private readonly HubSettings _settings;
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(20) })
    {
        Timeout = Timeout,
    };
    private readonly Action<DownloadProgress>? _progress;
    private readonly CancellationToken _token;

    public HubClient(HubName name, HubSettings settings, Action<DownloadProgress>? progress, CancellationToken token)
    {
        (_name, _settings, _cache) = (name, settings, new HubCache(name, settings));
        (_progress, _token) = (progress, token);
    }

    /// <summary>Downloads a file, unless the cache has its current version.</summary>
    /// <returns>The path in the cache; null if the model has no such file.</returns>
    /// <exception cref="IOException">The file cannot be downloaded; the message says why and what to do.</exception>
    /// <exception cref="InvalidDataException">The checksum is wrong.</exception>
    public string? Download(string file)
    {
        Uri address = new(_settings.Endpoint, $"{_name.Id}/resolve/{_name.Revision}/{file}");
        try
        {
            if (Describe(address, file) is not { } remote)
            {
                return null;
            }

            if (!File.Exists(_cache.Blob(remote.Checksum)))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(_cache.Blob(remote.Checksum))!);
                Fetch(remote, file);
            }

            _cache.SetCommit(remote.Commit);
            return _cache.Link(remote.Commit, file, remote.Checksum);
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !_token.IsCancellationRequested))
        {
            throw new IOException(
                $"'{address}' cannot be reached: {e.Message} Without a network, download the file on another machine and set InitialWeights to its path.",
                e
            );
        }
    }

    public void Dispose() => _http.Dispose();

    // The first answer describes the file; large files are then served from another host. The answer of that host has other headers.
    private RemoteFile? Describe(Uri address, string file)
    {
        for (int i = 0; i < MaxRedirects; i++)
        {
            using HttpResponseMessage answer = Send(HttpMethod.Head, address, from: 0);
            string? checksum = Header(answer, "X-Linked-Etag") ?? answer.Headers.ETag?.Tag ?? Header(answer, "ETag");
            Uri? next = Redirect(answer, address);
            if (checksum is null && next is not null)
            {
                address = next;
                continue;
            }

            if (next is null && answer.StatusCode != HttpStatusCode.OK)
            {
                return answer.StatusCode == HttpStatusCode.NotFound && Header(answer, "X-Error-Code") == "EntryNotFound" ? null : throw Refused(answer);
            }

            string digest = (checksum ?? "").Replace("W/", "", StringComparison.Ordinal).Trim('"').ToLowerInvariant();
            string commit = Header(answer, "X-Repo-Commit") ?? _name.Revision;
            string? size = Header(answer, "X-Linked-Size") ?? answer.Content.Headers.ContentLength?.ToString(CultureInfo.InvariantCulture);
            if (
                !digest.All(char.IsAsciiHexDigit)
                || digest.Length is not (Sha256Digits or Sha1Digits)
                || !HubCache.IsPlain(commit)
                || !long.TryParse(size, out long bytes)
            )
            {
                throw new IOException($"The answer of '{address}' does not describe a file of the Hugging Face Hub. Check HF_ENDPOINT.");
            }

            return bytes is >= 0 and <= MaxFileBytes
                ? new RemoteFile(next ?? address, digest, commit, bytes)
                : throw new IOException($"The file '{file}' of '{_name}' is too large: {bytes} bytes; the maximum is {MaxFileBytes}.");
        }

        throw new IOException($"'{address}' redirects more than {MaxRedirects} times.");
    }

    private void Fetch(RemoteFile remote, string file)
    {
        string incomplete = _cache.Blob(remote.Checksum) + ".incomplete";
        using (FileStream target = OpenIncomplete(incomplete))
        {
            for (int attempt = 1; ; attempt++)
            {
                long before = target.Length;
                try
                {
                    Receive(remote, file, target);
                    break;
                }
                catch (HttpRequestException) when (attempt < MaxAttempts)
                {
                    // A connection that brings something may be cut any number of times.
                    attempt = target.Length > before ? 0 : attempt;
                    _token.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(200 * attempt));
                }

                _token.ThrowIfCancellationRequested();
            }

            target.Flush(flushToDisk: true);
            string actual = Checksum(target, remote.Checksum.Length == Sha256Digits);
            if (actual != remote.Checksum)
            {
                target.SetLength(0);
                throw new InvalidDataException(
                    $"The download of '{file}' of '{_name}' is damaged: its checksum is {actual}, not {remote.Checksum}. It was deleted; try again."
                );
            }
        }

        File.Move(incomplete, _cache.Blob(remote.Checksum), overwrite: true);
    }

    private FileStream OpenIncomplete(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new IOException($"Another process is downloading '{_name}' ('{path}' is in use). Wait until it has finished.", e);
        }
    }

    // Appends to what is there.
    private void Receive(RemoteFile remote, string file, FileStream target)
    {
        if (target.Length > remote.Bytes)
        {
            target.SetLength(0);
        }

        if (target.Length == remote.Bytes)
        {
            return;
        }

        using HttpResponseMessage answer = Get(remote.Address, target.Length);
        bool resumes = answer.StatusCode == HttpStatusCode.PartialContent && answer.Content.Headers.ContentRange?.From == target.Length;
        if (!resumes)
        {
            target.SetLength(0);
        }

        if (answer.StatusCode is HttpStatusCode.RequestedRangeNotSatisfiable or HttpStatusCode.PartialContent && !resumes)
        {
            throw new HttpRequestException("The server sent another part of the file than was asked for.");
        }

        target.Position = target.Length;
        using Stream source = answer.Content.ReadAsStream(_token);
        byte[] buffer = new byte[BufferBytes];
        while (Read(source, buffer) is > 0 and var read)
        {
            if (target.Length + read > remote.Bytes)
            {
                target.SetLength(0);
                throw new InvalidDataException($"The server sent more than the {remote.Bytes} bytes of '{file}' of '{_name}'.");
            }

            target.Write(buffer, 0, read);
            _progress?.Invoke(new DownloadProgress(file, target.Length, remote.Bytes));
        }

        if (target.Length < remote.Bytes)
        {
            throw new HttpRequestException($"The connection was closed after {target.Length} of {remote.Bytes} bytes.");
        }
    }

    // A connection that is silent is given up, as one that is cut.
    private int Read(Stream source, byte[] buffer)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(_token);
        limit.CancelAfter(Timeout);
        try
        {
            return source.ReadAsync(buffer, limit.Token).AsTask().GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !_token.IsCancellationRequested))
        {
            throw new HttpRequestException($"The connection was cut: {e.Message}", e);
        }
    }

    private HttpResponseMessage Get(Uri address, long from)
    {
        for (int i = 0; i < MaxRedirects; i++)
        {
            HttpResponseMessage answer = Send(HttpMethod.Get, address, from);
            if (Redirect(answer, address) is { } next)
            {
                answer.Dispose();
                address = next;
                continue;
            }

            if (answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                return answer;
            }

            using (answer)
            {
                throw (int)answer.StatusCode >= 500 ? new HttpRequestException($"The server answered {(int)answer.StatusCode}.") : Refused(answer);
            }
        }

        throw new IOException($"'{address}' redirects more than {MaxRedirects} times.");
    }

    private HttpResponseMessage Send(HttpMethod method, Uri address, long from)
    {
        using HttpRequestMessage request = new(method, address);
        request.Headers.UserAgent.ParseAdd("MlNetFm");
        if (from > 0)
        {
            request.Headers.Range = new RangeHeaderValue(from, null);
        }

        // Only for the hub itself, not for the host that it redirects to, and not readable for others.
        bool isPrivate = address.Scheme == Uri.UriSchemeHttps || address.IsLoopback;
        if (address.Authority == _settings.Endpoint.Authority && isPrivate && _settings.Token is { } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return _http.Send(request, HttpCompletionOption.ResponseHeadersRead, _token);
    }

    private static Uri? Redirect(HttpResponseMessage answer, Uri address) =>
        (int)answer.StatusCode is >= 300 and < 400 && answer.Headers.Location is { } location
            ? new Uri(address, location) is { Scheme: "https" or "http" } next && (next.Scheme == address.Scheme || address.Scheme == "http")
                ? next
                : throw new IOException($"'{address}' redirects to '{location}', which is not allowed.")
            : null;

    private IOException Refused(HttpResponseMessage answer) =>
        new(
            answer.StatusCode switch
            {
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                    $"The hub does not give access to '{_name}' ({(int)answer.StatusCode}): it does not exist, or it needs a token. Check the name, accept the "
                        + "model's terms on the hub, and set the environment variable HF_TOKEN.",
                HttpStatusCode.NotFound => $"The hub has no model '{_name}' (404). Check the name and the revision.",
                HttpStatusCode.TooManyRequests => $"The hub refuses more requests now (429). Try '{_name}' again later, or set HF_TOKEN.",
                _ => $"The hub answered {(int)answer.StatusCode} for '{_name}'. Try again later.",
            }
        );

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;

    // Large files have the SHA-256 of their content, others git's SHA-1.
    private static string Checksum(FileStream file, bool isSha256)
    {
        file.Position = 0;
        using IncrementalHash hash = IncrementalHash.CreateHash(isSha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        if (!isSha256)
        {
            hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {file.Length}\0")));
        }

        byte[] buffer = new byte[BufferBytes];
        while (file.Read(buffer) is > 0 and var read)
        {
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed record RemoteFile(Uri Address, string Checksum, string Commit, long Bytes);
}
