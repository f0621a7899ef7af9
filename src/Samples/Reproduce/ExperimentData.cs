using System.CommandLine;

namespace Samples.Reproduce;

/// <summary>Where the data sets of the experiments lie on this machine; a recipe names them in braces.</summary>
internal sealed class ExperimentData
{
    private readonly Dictionary<string, Option<DirectoryInfo?>> _folders = new(StringComparer.Ordinal)
    {
        ["cifar-100"] = Folder("--cifar-100", "CIFAR-100's binary files: train.bin, test.bin"),
        ["tiny-imagenet"] = Folder("--tiny-imagenet", "the folder tiny-imagenet-200"),
        ["cub-200"] = Folder("--cub-200", "the folder CUB_200_2011"),
        ["imagenet"] = Folder("--imagenet", "ImageNet: folders train and val of a folder a synset, and the list synsets.txt; the VIPriors challenge's subset is laid out alike"),
        ["voc"] = Folder("--voc", "one year of Pascal VOC, e.g. VOCdevkit/VOC2012"),
    };

    public void AddTo(Command command)
    {
        foreach (Option option in _folders.Values)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The folders that the command line gives.</summary>
    public IReadOnlyDictionary<string, string> Given(ParseResult parsed) =>
        _folders.Where(entry => parsed.GetValue(entry.Value) is not null).ToDictionary(entry => entry.Key, entry => parsed.GetValue(entry.Value)!.FullName);

    /// <summary>What stands for the data sets in an experiment's arguments.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="arguments">Of the experiment.</param>
    /// <param name="folder">Where to make the digits that the tiny scale trains on.</param>
    /// <exception cref="ArgumentException">One that the experiment needs is not given.</exception>
    public IReadOnlyDictionary<string, string> Of(ParseResult parsed, string arguments, DirectoryInfo folder)
    {
        Dictionary<string, string> paths = [];
        foreach ((string name, Option<DirectoryInfo?> option) in _folders.Where(entry => Names(arguments, entry.Key)))
        {
            paths[name] = parsed.GetValue(option)?.FullName
                ?? throw new ArgumentException($"This experiment needs {option.Name} FOLDER, {option.Description}");
        }

        if (Names(arguments, TinyImages.Name))
        {
            paths[TinyImages.Name] = TinyImages.In(folder);
        }

        return paths;
    }

    private static bool Names(string arguments, string data) => arguments.Contains($"{{{data}}}", StringComparison.Ordinal);

    private static Option<DirectoryInfo?> Folder(string name, string what) => new(name) { Description = $"{what}." };
}
