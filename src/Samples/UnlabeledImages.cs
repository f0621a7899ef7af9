using Microsoft.ML;
using Microsoft.ML.Data;

namespace Samples;

/// <summary>Pictures without a class as rows for a model that was trained on rows with one.</summary>
internal static class UnlabeledImages
{
    /// <summary>Rows as the model was trained on: it begins with files or with their bytes, and maps a label that these do not have.</summary>
    public static IDataView Load(MLContext ml, IEnumerable<string> files, DataViewSchema input)
    {
        IDataView pictures = input.GetColumnOrNull("Label")?.Type is NumberDataViewType
            ? ml.Data.LoadFromEnumerable(files.Select(file => new NumberedImage { ImagePath = file }))
            : ml.Data.LoadFromEnumerable(files.Select(file => new Picture { ImagePath = file }));
        return ml.Transforms.LoadRawImageBytes("Image", imageFolder: null, inputColumnName: "ImagePath").Fit(pictures).Transform(pictures);
    }

    private sealed class Picture
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }

    private sealed class NumberedImage
    {
        public string ImagePath { get; set; } = "";

        public uint Label { get; set; }
    }
}
