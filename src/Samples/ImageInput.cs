using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.FeatureMining.Datasets;

namespace Samples;

/// <summary>The options that name pictures: a folder with a sub-folder a class, CIFAR's binary files, or a published data set.</summary>
internal sealed class ImageInput
{
    private readonly Option<DirectoryInfo?> _images;
    private readonly Option<FileInfo[]> _cifar10;
    private readonly Option<FileInfo[]> _cifar100;
    private readonly Option<string[]> _data;
    private readonly DataPart _side;
    private readonly bool _required;

    /// <param name="prefix">"--" for the training pictures, "--test-" for the held-out ones.</param>
    /// <param name="what">What the pictures are for, in the help.</param>
    /// <param name="side">The side that is meant of a data set that comes with a split.</param>
    /// <param name="required">Whether the verb makes no sense without.</param>
    public ImageInput(string prefix, string what, DataPart side, bool required = true)
    {
        (_side, _required) = (side, required);
        string names = prefix == "--" ? ". " + string.Join("; ", DataSets.All.Select(entry => $"{entry.Key}: {entry.Value.What}")) : ", as --data has it";
        _images = new Option<DirectoryInfo?>(prefix + "images") { Description = $"{what}: a folder with a sub-folder of pictures for each class." };
        _cifar10 = new Option<FileInfo[]>(prefix + "cifar10") { Description = $"{what}: CIFAR-10's binary files.", AllowMultipleArgumentsPerToken = true };
        _cifar100 = new Option<FileInfo[]>(prefix + "cifar100") { Description = $"{what}: CIFAR-100's binary files (fine labels).", AllowMultipleArgumentsPerToken = true };
        _data = new Option<string[]>(prefix + "data")
        {
            Description = $"{what}: a data set by NAME PATH [PART]{names}.",
            AllowMultipleArgumentsPerToken = true,
            Arity = new ArgumentArity(2, 3),
        };
        _data.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !DataSets.All.ContainsKey(result.Tokens[0].Value))
            {
                result.AddError($"There is no data set '{result.Tokens[0].Value}'; there are {string.Join(", ", DataSets.All.Keys)}.");
            }
        });
    }

    private Option[] Options => [_images, _cifar10, _cifar100, _data];

    public void AddTo(Command command)
    {
        Array.ForEach(Options, command.Options.Add);
        command.Validators.Add(result =>
        {
            int given = Options.Count(option => result.GetResult(option) is not null);
            if (given > 1 || (given == 0 && _required))
            {
                result.AddError($"Give one of {string.Join(", ", Options.Select(option => option.Name))}.");
            }
        });
    }

    /// <summary>Whether any of the options is given.</summary>
    public bool IsGiven(ParseResult parsed) => Options.Any(option => parsed.GetResult(option) is not null);

    /// <summary>Rows with a Label and an Image, or an ImagePath where the pictures are files.</summary>
    public IDataView Load(ParseResult parsed, MLContext ml)
    {
        if (parsed.GetValue(_data) is { Length: > 0 } data)
        {
            return DataSets.All[data[0]].Load(ml, data[1], data.ElementAtOrDefault(2), _side);
        }

        (DirectoryInfo? folder, FileInfo[] ten, FileInfo[] hundred) = (parsed.GetValue(_images), parsed.GetValue(_cifar10) ?? [], parsed.GetValue(_cifar100) ?? []);
        return folder is not null ? ml.Data.LoadImageFolder(folder.FullName)
            : ten.Length > 0 ? LoadCifar(ml, CifarBinary.Cifar10, ten, "batches.meta.txt")
            : LoadCifar(ml, CifarBinary.Cifar100, hundred, "fine_label_names.txt");
    }

    private static IDataView LoadCifar(MLContext ml, CifarBinary format, FileInfo[] files, string namesFile)
    {
        string names = Path.Combine(files[0].DirectoryName!, namesFile);
        return ml.Data.LoadCifar(format, File.Exists(names) ? names : null, [.. files.Select(file => file.FullName)]);
    }
}
