using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Microsoft.ML.FeatureMining.Tests.Files;

/// <summary>Serves one file in parts on the loopback, and can do so badly.</summary>
internal sealed class RangeServer : IDisposable
{
    private readonly HttpListener _listener = new();

    public RangeServer(byte[] content)
    {
        Content = content;
        using (TcpListener free = new(IPAddress.Loopback, 0))
        {
            free.Start();
            string root = FormattableString.Invariant($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
            _listener.Prefixes.Add(root);
            Address = root + "a.tar";
        }

        _listener.Start();
        _ = Task.Run(ServeAsync);
    }

    public string Address { get; }

    public byte[] Content { get; set; }

    public string? Tag { get; set; } = "\"1\"";

    public bool KnowsRanges { get; set; } = true;

    /// <summary>The status of each of the next answers; 0 to cut the connection in the middle of the body.</summary>
    public Queue<int> Faults { get; } = new();

    /// <summary>Answers nothing.</summary>
    public bool Hangs { get; set; }

    public List<string?> Ranges { get; } = [];

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                if (!Hangs)
                {
                    Answer(context);
                }
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
        int? fault;
        lock (Ranges)
        {
            Ranges.Add(range);
            fault = Faults.TryDequeue(out int next) ? next : null;
        }

        using HttpListenerResponse response = context.Response;
        if (fault > 0)
        {
            response.StatusCode = fault.Value;
            return;
        }

        int[] ends = Array.ConvertAll(range!["bytes=".Length..].Split('-'), end => int.Parse(end, CultureInfo.InvariantCulture));
        (int first, int last) = KnowsRanges ? (ends[0], Math.Min(ends[1], Content.Length - 1)) : (0, Content.Length - 1);
        if (first >= Content.Length)
        {
            response.StatusCode = (int)HttpStatusCode.RequestedRangeNotSatisfiable;
            response.Headers["Content-Range"] = $"bytes */{Content.Length}";
            return;
        }

        if (KnowsRanges)
        {
            response.StatusCode = (int)HttpStatusCode.PartialContent;
            response.Headers["Content-Range"] = $"bytes {first}-{last}/{Content.Length}";
        }

        if (Tag is not null)
        {
            response.Headers["ETag"] = Tag;
        }

        response.ContentLength64 = last - first + 1;
        response.OutputStream.Write(Content, first, fault == 0 ? (last - first + 1) / 2 : last - first + 1);
        response.OutputStream.Flush();
        if (fault == 0)
        {
            response.Abort();
        }
    }
}
