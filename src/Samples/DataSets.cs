using Microsoft.ML;
using Microsoft.ML.FeatureMining.Datasets;

namespace Samples;

/// <summary>The published data sets and forms of data that <c>--data NAME PATH [PART]</c> can name.</summary>
internal static class DataSets
{
    /// <summary>By name: what it is, and how it is read. A part is given as a word; without one, it is the side that the option is for.</summary>
    public static IReadOnlyDictionary<string, (string What, Func<MLContext, string, string?, DataPart, IDataView> Load)> All { get; } =
        new SortedDictionary<string, (string, Func<MLContext, string, string?, DataPart, IDataView>)>(StringComparer.Ordinal)
        {
            ["list"] = ("a CSV or TSV file with columns ImagePath and Label", (ml, path, _, _) => ml.Data.LoadImageList(path)),
            ["cifar-10"] = ("cifar-10-binary.tar.gz, or the folder of its binary files; PART train or test", (ml, path, part, side) => ml.Data.LoadCifarArchive(CifarBinary.Cifar10, path, Side(part, side))),
            ["cifar-100"] = ("cifar-100-binary.tar.gz, or the folder of its binary files; PART train or test", (ml, path, part, side) => ml.Data.LoadCifarArchive(CifarBinary.Cifar100, path, Side(part, side))),
            ["tiny-imagenet"] = ("the folder tiny-imagenet-200; PART train or test (its val)", (ml, path, part, side) => ml.Data.LoadTinyImageNet(path, Side(part, side))),
            ["imagenet"] = ("a folder of synset folders; PART the list of synsets", (ml, path, part, _) => ml.Data.LoadImageNet(path, part ?? throw Missing("imagenet", "the list of synsets"))),
            ["cub-200"] = ("the folder CUB_200_2011; PART train or test", (ml, path, part, side) => ml.Data.LoadCaltechBirds(path, Side(part, side))),
            ["multilabel-list"] = ("a CSV or TSV file with columns ImagePath and Label, of names parted by semicolons, for --trainer patch", (ml, path, _, _) => Labeled(ml, ml.Data.LoadMultilabelImageList(path))),
            ["voc"] = ("the folder VOCdevkit/VOC2007, pictures with the classes on them, for --trainer patch; PART train, val, trainval or test",
                (ml, path, part, side) => Labeled(ml, ml.Data.LoadPascalVocImages(path, VocSet(part, side)))),
            ["voc-objects"] = ("the folder VOCdevkit/VOC2007, a row an object, each with its whole picture and its box; PART train, val, trainval or test",
                (ml, path, part, side) => ml.Data.LoadPascalVocObjects(path, VocSet(part, side))),
            ["voc-patches"] = ("the folder VOCdevkit/VOC2007, objects of at least 64x64; PART train, val, trainval or test",
                (ml, path, part, side) => ml.Data.LoadPascalVocPatches(path, VocSet(part, side))),
        };

    private static IDataView Labeled(MLContext ml, IDataView sets) => ml.Transforms.CopyColumns("Label", "Labels").Fit(sets).Transform(sets);

    private static string VocSet(string? part, DataPart side) => part ?? (side == DataPart.Train ? "trainval" : "test");

    private static DataPart Side(string? part, DataPart side) => part switch
    {
        null => side,
        "train" => DataPart.Train,
        "test" => DataPart.Test,
        _ => throw new ArgumentException($"'{part}' is neither train nor test."),
    };

    private static ArgumentException Missing(string name, string what) => new($"--data {name} PATH wants {what} as well.");
}
