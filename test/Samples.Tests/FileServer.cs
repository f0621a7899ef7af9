using System.Net;
using System.Net.Sockets;

namespace Samples.Tests;

/// <summary>Serves one file on this machine, and can do so badly.</summary>
internal sealed class FileServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly byte[] _content;

    public FileServer(byte[] content)
    {
        _content = content;
        TcpListener free = new(IPAddress.Loopback, 0);
        free.Start();
        int port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        Address = new Uri(FormattableString.Invariant($"http://127.0.0.1:{port}/file.bin"));
        _listener.Prefixes.Add(FormattableString.Invariant($"http://127.0.0.1:{port}/"));
        _listener.Start();
        _ = Task.Run(ServeAsync);
    }

    public Uri Address { get; }

    /// <summary>The ranges that were asked for, null for all.</summary>
    public List<string?> Ranges { get; } = [];

    /// <summary>After so many bytes of an answer the connection is cut.</summary>
    public int? CutAfter { get; set; }

    /// <summary>Whether it answers only with the part that is asked for.</summary>
    public bool KnowsRanges { get; set; } = true;

    public HttpStatusCode? Refusal { get; set; }

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                Answer(await _listener.GetContextAsync());
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException)
            {
                // Cut on purpose, or the test is over.
            }
        }
    }

    private void Answer(HttpListenerContext context)
    {
        string? range = context.Request.Headers["Range"];
        lock (Ranges)
        {
            Ranges.Add(range);
        }

        using HttpListenerResponse response = context.Response;
        if (Refusal is { } status)
        {
            response.StatusCode = (int)status;
            return;
        }

        int start = KnowsRanges && range is not null ? int.Parse(range["bytes=".Length..^1]) : 0;
        if (start >= _content.Length)
        {
            response.StatusCode = (int)HttpStatusCode.RequestedRangeNotSatisfiable;
            response.Headers["Content-Range"] = $"bytes */{_content.Length}";
            return;
        }

        if (KnowsRanges && range is not null)
        {
            response.StatusCode = (int)HttpStatusCode.PartialContent;
            response.Headers["Content-Range"] = $"bytes {start}-{_content.Length - 1}/{_content.Length}";
        }

        response.ContentLength64 = _content.Length - start;
        int count = Math.Min(CutAfter ?? int.MaxValue, _content.Length - start);
        response.OutputStream.Write(_content, start, count);
        response.OutputStream.Flush();
        if (CutAfter is not null)
        {
            response.Abort();
        }
    }
}
