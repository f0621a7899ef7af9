using System.CommandLine;

namespace Samples;

/// <summary>The verb <c>download</c>: nothing else in the program fetches anything.</summary>
internal static class DownloadCommand
{
    private const string Toronto = "https://www.cs.toronto.edu/~kriz/";

    // Published for anyone to fetch; their author asks to be cited.
    private static readonly SortedDictionary<string, FileDownload> Files = new(StringComparer.Ordinal)
    {
        ["cifar-10"] = new(new Uri(Toronto + "cifar-10-binary.tar.gz"), "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),
        ["cifar-100"] = new(new Uri(Toronto + "cifar-100-binary.tar.gz"), "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"),
    };

    // A person must agree to their terms: where to, and what --data takes then.
    private static readonly SortedDictionary<string, string> ByHand = new(StringComparer.Ordinal)
    {
        ["cub-200"] = "https://www.vision.caltech.edu/datasets/cub_200_2011/ (non-commercial research and education): unpack CUB_200_2011.tgz; --data cub-200 CUB_200_2011",
        ["imagenet"] = "https://image-net.org/download.php (an account, non-commercial research): --data imagenet FOLDER_OF_SYNSETS SYNSET_LIST",
        ["tiny-imagenet"] = "http://cs231n.stanford.edu/tiny-imagenet-200.zip (ImageNet's terms): unpack it; --data tiny-imagenet tiny-imagenet-200",
        ["voc-patches"] = "http://host.robots.ox.ac.uk/pascal/VOC/ (flickr's terms): unpack the year's archives; --data voc-patches VOCdevkit/VOC2007",
    };

    public static Command Create()
    {
        Argument<string> name = new("name") { Description = $"The data set: {string.Join(", ", Files.Keys.Concat(ByHand.Keys))}." };
        Option<DirectoryInfo> folder = new("--out") { Description = "The folder to put it in.", DefaultValueFactory = _ => new DirectoryInfo("data") };
        Option<Uri?> from = new("--from") { Description = "A mirror: the folder of the file instead of its author's.", CustomParser = result => new Uri(result.Tokens[0].Value.TrimEnd('/') + "/") };
        name.AcceptOnlyFromAmong([.. Files.Keys, .. ByHand.Keys]);
        Command command = new("download", "Fetches a data set whose terms allow it, or says where a person gets it. A download that was cut off goes on where it stopped.") { name, folder, from };
        command.SetAction(parsed => ExitCode.Guard(() => Run(parsed.GetRequiredValue(name), parsed.GetRequiredValue(folder), parsed.GetValue(from))));
        return command;
    }

    private static int Run(string name, DirectoryInfo folder, Uri? from)
    {
        if (ByHand.TryGetValue(name, out string? where))
        {
            Console.Error.WriteLine($"The terms of {name} ask for a person's consent: {where}");
            return ExitCode.Failure;
        }

        FileDownload download = Files[name];
        string file = download.Address.Segments[^1];
        string path = Path.Combine(folder.FullName, file);
        using CancellationTokenSource stop = CtrlC.Source();
        using HttpClient client = new();
        download = from is null ? download : download with { Address = new Uri(from, file) };
        download.FetchAsync(path, client, new DownloadBar(), stop.Token).GetAwaiter().GetResult();
        Console.WriteLine($"{path}: complete, checksum right. --data {name} {path}");
        return ExitCode.Success;
    }
}
