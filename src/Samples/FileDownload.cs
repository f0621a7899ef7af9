using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace Samples;

/// <summary>
/// Fetches a file of known content. What arrives lies beside it under the name with <c>.part</c> until it is all there and its checksum is right: a download that was cut off goes
/// on where it stopped, and under its own name there is the whole file or none.
/// </summary>
/// <param name="Address">Where it is.</param>
/// <param name="Sha256">The checksum of its content, 64 hexadecimal digits.</param>
internal sealed record FileDownload(Uri Address, string Sha256)
{
    private const int BufferBytes = 1 << 17;

    /// <summary>Fetches the file, unless it is there.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="client">What asks the server.</param>
    /// <param name="progress">Told of each piece that arrives.</param>
    /// <param name="cancellation">Ends it; what arrived stays for the next time.</param>
    /// <exception cref="IOException">The server cannot be reached, refuses, or ends too early; the message says what to put where by hand.</exception>
    /// <exception cref="InvalidDataException">The content is another, whether it was there or just arrived; the message names both checksums.</exception>
    public async Task FetchAsync(string path, HttpClient client, IProgress<DownloadProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(client);
        if (File.Exists(path))
        {
            await CheckAsync(path, cancellation).ConfigureAwait(false);
            return;
        }
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        string part = path + ".part";
        try
        {
            await ContinueAsync(part, client, progress, cancellation).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException || (problem is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new IOException(ByHand(path, problem.Message), problem);
        }
        try
        {
            await CheckAsync(part, cancellation).ConfigureAwait(false);
        }
        catch (InvalidDataException)
        {
            // To go on from wrong bytes would never end well.
            File.Delete(part);
            throw;
        }
        File.Move(part, path);
    }

    private async Task ContinueAsync(string part, HttpClient client, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        long there = File.Exists(part) ? new FileInfo(part).Length : 0;
        using HttpRequestMessage request = new(HttpMethod.Get, Address);
        request.Headers.Range = there > 0 ? new RangeHeaderValue(there, null) : null;
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && response.Content.Headers.ContentRange?.Length == there)
            return;
        response.EnsureSuccessStatusCode();
        // A server that does not know ranges sends all of it again.
        bool continues = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == there;
        FileStream file = new(part, continues ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.None);
        await using (file.ConfigureAwait(false))
        {
            long? total = file.Length + response.Content.Headers.ContentLength;
            using Stream content = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            await CopyAsync(content, file, total, progress, cancellation).ConfigureAwait(false);
            if (file.Length < total)
                throw new EndOfStreamException(FormattableString.Invariant($"The connection ended after {file.Length} of {total} bytes; another attempt goes on from there."));
        }
    }

    private static async Task CopyAsync(Stream content, FileStream file, long? total, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        var buffer = new byte[BufferBytes];
        progress?.Report(new DownloadProgress(file.Length, total));
        while (await content.ReadAsync(buffer, cancellation).ConfigureAwait(false) is > 0 and var count)
        {
            await file.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
            progress?.Report(new DownloadProgress(file.Position, total));
        }
    }

    private async Task CheckAsync(string path, CancellationToken cancellation)
    {
        FileStream file = File.OpenRead(path);
        await using (file.ConfigureAwait(false))
        {
            string found = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation).ConfigureAwait(false));
            if (!string.Equals(found, Sha256, StringComparison.OrdinalIgnoreCase))
                throw new InvalidDataException($"'{path}' is not what '{Address}' should give: its SHA-256 is {found}, not {Sha256}.");
        }
    }

    private string ByHand(string path, string cause) =>
        $"'{Address}' cannot be fetched: {cause} Without a network, fetch it elsewhere and put it at '{Path.GetFullPath(path)}' (SHA-256 {Sha256}).";
}
