using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet;

namespace Microsoft.ML;

/// <summary>Image data sets as data views.</summary>
public static class DataOperationsExtensions
{
    /// <summary>
    /// A folder with one folder of pictures for each class. Columns: ImagePath, text; Label, text, the folder's name. Ordered by class and path. The files are not opened:
    /// LoadRawImageBytes or LoadImages does that.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">There are fewer than two classes, or one without pictures.</exception>
    public static IDataView LoadImageFolder(this DataOperationsCatalog catalog, string path)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrEmpty(path);
        return catalog.LoadFromEnumerable(ImageFolder.Read(path).Select(file => new ImageFileRow { ImagePath = file.Path, Label = file.ClassName }).ToArray());
    }

    /// <summary>
    /// CIFAR's binary files, CIFAR-10's or CIFAR-100's. Columns: Image, a picture of 32x32 encoded as PNG, as LoadRawImageBytes gives any other; Label, the class as a
    /// number from 0, or as its name where there is a file of names. Read as cursors pass; nothing is kept.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="format"><see cref="CifarBinary.Cifar10"/> or <see cref="CifarBinary.Cifar100"/>.</param>
    /// <param name="labelNamesPath">The data set's file of class names, such as <c>batches.meta.txt</c>; null for numbers.</param>
    /// <param name="paths">The files, in order.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is of another format; the message says where.</exception>
    public static IDataView LoadCifar(this DataOperationsCatalog catalog, CifarBinary format, string? labelNamesPath, params string[] paths)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(paths);
        // Read opens nothing but checks that the file is there and of whole records: better now than in the middle of a Fit.
        foreach (string path in paths)
            _ = format.Read(path);
        IReadOnlyList<string>? names = labelNamesPath is null ? null : format.ReadLabelNames(labelNamesPath);
        IEnumerable<CifarRecord> records = paths.SelectMany(format.Read);
        return names is null
            ? catalog.LoadFromEnumerable(records.Select(record => new CifarNumberRow { Image = record.ToPng(), Label = (uint)record.Label }))
            : catalog.LoadFromEnumerable(records.Select(record => new CifarNameRow { Image = record.ToPng(), Label = names[record.Label] }));
    }
}
