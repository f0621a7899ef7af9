// FreshProcess MODEL IMAGE... : loads a model with ML.NET alone (this program names no type of ours, nothing is registered) and prints what it says of each picture.
using System.Globalization;
using FreshProcess;
using Microsoft.ML;
using Microsoft.ML.Data;

MLContext ml = new();
ITransformer model = ml.Model.Load(args[0], out DataViewSchema schema);
if (schema["ImagePath"].Type is not TextDataViewType)
    throw new InvalidDataException("The model's input schema has no text column ImagePath.");

IDataView rows = ml.Data.LoadFromEnumerable(args[1..].Select(path => new PictureRow { ImagePath = path, Label = "" }));
foreach (Prediction prediction in ml.Data.CreateEnumerable<Prediction>(model.Transform(rows), reuseRowObject: false))
    Console.WriteLine(string.Join(' ', [prediction.PredictedLabel.ToString(CultureInfo.InvariantCulture), .. prediction.Score.Select(p => p.ToString("R", CultureInfo.InvariantCulture))]));

if (Environment.GetEnvironmentVariable("SAVE_AS") is { Length: > 0 } path)
    ml.Model.Save(model, schema, path);
