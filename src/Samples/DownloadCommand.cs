using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Parts;

namespace Samples;

/// <summary>The verb <c>download</c>, the only one that uses the network.</summary>
internal static class DownloadCommand
{
    private const string Toronto = "https://www.cs.toronto.edu/~kriz/";

    // Free to download; the author asks to be cited.
    private static readonly SortedDictionary<string, FileDownload> Files = new(StringComparer.Ordinal)
    {
        ["cifar-10"] = new(new Uri(Toronto + "cifar-10-binary.tar.gz"), "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),
        ["cifar-100"] = new(new Uri(Toronto + "cifar-100-binary.tar.gz"), "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"),
    };

    // Their terms need the consent of a person: where to download them, and the option of train that reads them.
    private static readonly SortedDictionary<string, string> ByHand = new(StringComparer.Ordinal)
    {
        ["cub-200"] = "https://www.vision.caltech.edu/datasets/cub_200_2011/ (non-commercial use): unpack CUB_200_2011.tgz; --data cub-200 CUB_200_2011",
        ["imagenet"] = "https://image-net.org/download.php (an account, non-commercial research): --data imagenet FOLDER_OF_SYNSETS SYNSET_LIST",
        ["tiny-imagenet"] = "http://cs231n.stanford.edu/tiny-imagenet-200.zip (ImageNet's terms): unpack it; --data tiny-imagenet tiny-imagenet-200",
        ["voc-patches"] = "http://host.robots.ox.ac.uk/pascal/VOC/ (flickr's terms): unpack the year's archives; --data voc-patches VOCdevkit/VOC2007",
    };

    public static Command Create()
    {
        Argument<string> name = new("name")
        {
            Description =
                $"The data set: {string.Join(", ", Files.Keys.Concat(ByHand.Keys))}; or pretrained weights on the Hugging Face Hub: timm/MODEL or hf://OWNER/MODEL, "
                + $"such as {string.Join(", ", PretrainedWeights.All.Where(IsOnHub).Take(3).Select(model => model.Name))}.",
        };
        Option<DirectoryInfo> folder = new("--out") { Description = "Write to this folder.", DefaultValueFactory = _ => new DirectoryInfo("data") };
        Option<Uri?> from = new("--from")
        {
            Description = "Download from this mirror: the URL of the folder that has the file.",
            CustomParser = result => new Uri(result.Tokens[0].Value.TrimEnd('/') + "/"),
        };
        name.Validators.Add(result =>
        {
            string given = result.Tokens[0].Value;
            if (IsWeights(given) && result.GetResult(folder) is { Implicit: false })
            {
                result.AddError("--out is for data sets. Weights go to the cache of the Hugging Face Hub; HF_HOME moves it.");
            }

            if (IsWeights(given) && result.GetResult(from) is not null)
            {
                result.AddError("--from is for data sets. HF_ENDPOINT names a mirror of the Hugging Face Hub.");
            }

            if (!IsWeights(given) && !Files.ContainsKey(given) && !ByHand.ContainsKey(given))
            {
                string[] known = [.. Files.Keys, .. ByHand.Keys];
                string hint = Spelling.Hint(given, known.Concat(PretrainedWeights.All.Where(IsOnHub).Select(model => model.Name)));
                result.AddError(
                    $"There is no data set '{given}'.{(hint.Length > 0 ? hint : $" Known: {string.Join(", ", known)}. Weights are named timm/MODEL or hf://OWNER/MODEL.")}"
                );
            }
        });
        Command command = new(
            "download",
            "Downloads a data set or pretrained weights. If the terms of a data set need your consent, prints where to get it. Run it again to resume."
        )
        {
            name,
            folder,
            from,
        };
        command.SetAction(parsed => ExitCode.Guard(() => Run(parsed.GetRequiredValue(name), parsed.GetRequiredValue(folder), parsed.GetValue(from))));
        return command;
    }

    private static bool IsWeights(string name) => name.Contains('/', StringComparison.Ordinal);

    private static bool IsOnHub(PretrainedModel model) => model.Origin.StartsWith("https://huggingface.co/", StringComparison.Ordinal);

    private static int Run(string name, DirectoryInfo folder, Uri? from)
    {
        using CancellationTokenSource stop = Session.CancelOnCtrlC();
        if (IsWeights(name))
        {
            (string current, DownloadBar bar) = ("", new DownloadBar());
            string weights = PretrainedWeights.Download(
                name,
                report =>
                {
                    // A configuration comes first; each file has a bar of its own.
                    (current, bar) = report.File == current ? (current, bar) : (report.File, new DownloadBar());
                    bar.Report(new DownloadProgress(report.Received, report.Total));
                },
                stop.Token
            );
            Console.WriteLine($"{weights}: complete, checksum correct. To start from it: train --images FOLDER --initial-weights {name}");
            return ExitCode.Success;
        }

        OutputPath.TryFolder("--out", folder);
        if (ByHand.TryGetValue(name, out string? where))
        {
            Console.Error.WriteLine($"The terms of {name} need your consent. Get it from {where}");
            return ExitCode.Failure;
        }

        FileDownload download = Files[name];
        string file = download.Address.Segments[^1];
        string path = Path.Combine(folder.FullName, file);
        using HttpClient client = new();
        download = from is null ? download : download with { Address = new Uri(from, file) };
        download.FetchAsync(path, client, new DownloadBar(), stop.Token).GetAwaiter().GetResult();
        Console.WriteLine($"{path}: complete, checksum correct. To train on it: --data {name} {path}");
        return ExitCode.Success;
    }
}

/// <summary>A bar that is redrawn on a terminal; elsewhere a line for each tenth of the file.</summary>
internal sealed class DownloadBar : IProgress<DownloadProgress>
{
    private const int Cells = 24;
    private const double Mebi = 1 << 20;

    private int _tenth = -1;

    public void Report(DownloadProgress value)
    {
        double share = value.Total > 0 ? (double)value.Bytes / value.Total.Value : 0;
        string total = value.Total is { } bytes ? string.Create(CultureInfo.InvariantCulture, $" of {bytes / Mebi:f1}") : "";
        string text = string.Create(CultureInfo.InvariantCulture, $"{value.Bytes / Mebi:f1}{total} MiB");
        if (!Console.IsOutputRedirected)
        {
            int full = (int)(share * Cells);
            Console.Write($"\r{new string('━', full)}{new string('─', Cells - full)} {text}{(share >= 1 ? Environment.NewLine : "")}");
        }
        else if ((int)(share * 10) is var tenth && tenth > _tenth)
        {
            _tenth = tenth;
            Console.WriteLine(text);
        }
    }
}

/// <summary>
/// Downloads a file with a known checksum. The bytes go to a file with the suffix <c>.part</c>, which is renamed once it is complete and its checksum is
/// correct. A download that was interrupted resumes from that file.
/// </summary>
/// <param name="Address">The URL.</param>
/// <param name="Sha256">The SHA-256 of the content, 64 hexadecimal digits.</param>
internal sealed record FileDownload(Uri Address, string Sha256)
{
    private const int BufferBytes = 1 << 17;

    /// <summary>A server that sends more than any data set has must not fill the disk.</summary>
    public long MaxBytes { get; init; } = 1 << 30;

    /// <summary>Downloads the file, unless it exists.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="client">The client to use.</param>
    /// <param name="progress">Gets a report for each buffer that arrives.</param>
    /// <param name="cancellation">Stops the download; the bytes that arrived are kept for the next call.</param>
    /// <exception cref="IOException">The server cannot be reached, refuses, or closes the connection early; the message says how to place the file by
    /// hand.</exception>
    /// <exception cref="InvalidDataException">The content, existing or downloaded, has another checksum; the message names both.</exception>
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
        catch (Exception problem)
            when (problem is HttpRequestException or IOException || (problem is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new IOException(
                $"'{Address}' cannot be downloaded: {problem.Message} Try again, or download it elsewhere and put it at '{Path.GetFullPath(path)}' (SHA-256 "
                    + $"{Sha256}).",
                problem
            );
        }

        try
        {
            await CheckAsync(part, cancellation).ConfigureAwait(false);
        }
        catch (InvalidDataException)
        {
            // Resuming from wrong bytes would fail every time.
            File.Delete(part);
            throw;
        }

        File.Move(part, path);
    }

    private async Task ContinueAsync(string part, HttpClient client, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        long existing = File.Exists(part) ? new FileInfo(part).Length : 0;
        using HttpRequestMessage request = new(HttpMethod.Get, Address);
        request.Headers.Range = existing > 0 ? new RangeHeaderValue(existing, null) : null;
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && response.Content.Headers.ContentRange?.Length == existing)
        {
            return;
        }

        response.EnsureSuccessStatusCode();
        // A server without support for ranges sends the whole file.
        bool continues = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == existing;
        FileStream file = new(part, continues ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.None);
        await using (file.ConfigureAwait(false))
        {
            long? total = file.Length + response.Content.Headers.ContentLength;
            using Stream content = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            await CopyAsync(content, file, total, progress, cancellation).ConfigureAwait(false);
            if (file.Length < total)
            {
                throw new EndOfStreamException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"The connection was closed after {file.Length} of {total} bytes; another attempt resumes from there."
                    )
                );
            }
        }
    }

    private async Task CopyAsync(Stream content, FileStream file, long? total, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        byte[] buffer = new byte[BufferBytes];
        progress?.Report(new DownloadProgress(file.Length, total));
        while (await content.ReadAsync(buffer, cancellation).ConfigureAwait(false) is > 0 and int count)
        {
            if (file.Position + count > MaxBytes)
            {
                file.SetLength(0);
                throw new IOException($"The server sends more than {MaxBytes} bytes.");
            }

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
            {
                throw new InvalidDataException($"'{path}' is not the file that '{Address}' should be: its SHA-256 is {found}, expected {Sha256}.");
            }
        }
    }
}

/// <summary>The progress of a download.</summary>
/// <param name="Bytes">Bytes so far, those of earlier attempts included.</param>
/// <param name="Total">Bytes of the file; null if the server does not say.</param>
internal readonly record struct DownloadProgress(long Bytes, long? Total);
